#include "nn/layers/preprocessing/encoding.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/error.h"
#include "kernels/parallel.h"
#include "tensor/cast.h"

namespace keratin::layers::detail {
namespace {

constexpr const char* kNames[] = {"int", "one_hot", "multi_hot", "count", "tf_idf"};

template <class T>
void encode(const Tensor& indices, OutputMode mode, std::int64_t depth, std::int64_t rows,
            const Tensor& weights, Tensor& y) {
  const std::int64_t a_row = rows == 0 ? 0 : indices.size() / rows;
  const std::int64_t* index = indices.data<std::int64_t>();
  const T* weight = weights.defined() ? weights.data<T>() : nullptr;
  T* to = y.mutable_data<T>();
  kernels::parallel_for(rows, kernels::grain_for(a_row + depth),
                        [&](std::int64_t first, std::int64_t last) {
                          std::fill(to + first * depth, to + last * depth, T{0});
                          for (std::int64_t row = first; row < last; ++row) {
                            T* const out = to + row * depth;
                            for (std::int64_t i = row * a_row; i < (row + 1) * a_row; ++i) {
                              if (index[i] < 0) continue;
                              if (mode == OutputMode::MultiHot || mode == OutputMode::OneHot) {
                                out[index[i]] = 1;
                              } else {
                                out[index[i]] += weight != nullptr ? weight[i] : T{1};
                              }
                            }
                          }
                        });
}

}  // namespace

const char* name_of(OutputMode mode) { return kNames[static_cast<int>(mode)]; }

OutputMode output_mode_of(const char* layer, const std::string& name,
                          std::initializer_list<OutputMode> allowed) {
  const std::string current = name == "binary" ? "multi_hot" : name == "tf-idf" ? "tf_idf" : name;
  std::vector<std::string> known;
  for (const OutputMode mode : allowed) {
    if (current == name_of(mode)) return mode;
    known.emplace_back(name_of(mode));
  }
  throw ValueError(fmt::format("{}: output_mode is \"{}\"; expected one of {}", layer, name,
                               fmt::join(known, ", ")));
}

Shape encoded_shape(const Shape& input, OutputMode mode, std::int64_t depth) {
  if (mode == OutputMode::Int) return input;
  Shape outer = input;
  const std::int64_t rank = input.rank();
  if (mode == OutputMode::OneHot) {
    if (rank > 1 && input.back() == 1) outer = input.slice(0, rank - 1);
  } else if (rank > 0) {
    outer = input.slice(0, rank - 1);
  }
  return outer.joined({depth});
}

Tensor encoded(const Tensor& indices, OutputMode mode, std::int64_t depth, DType dtype,
               const Tensor& weights) {
  if (mode == OutputMode::Int) return indices;
  Tensor y = Tensor::empty(encoded_shape(indices.shape(), mode, depth), dtype);
  const std::int64_t rows = depth == 0 ? 0 : y.size() / depth;
  if (dtype == int64) encode<std::int64_t>(indices, mode, depth, rows, weights, y);
  if (dtype == float32) encode<float>(indices, mode, depth, rows, weights, y);
  if (dtype == float64) encode<double>(indices, mode, depth, rows, weights, y);
  KERATIN_ASSERT(dtype == int64 || dtype == float32 || dtype == float64);
  return y;
}

}  // namespace keratin::layers::detail
