#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "kernels/error.h"
#include "kernels/transpose/transpose.h"

namespace keratin::kernels {

std::int64_t TransposeShape::size() const {
  std::int64_t product = 1;
  for (int k = 0; k < rank; ++k) product *= sizes[static_cast<std::size_t>(k)];
  return product;
}

std::string TransposeShape::text() const {
  const auto n = static_cast<std::size_t>(rank);
  return fmt::format("[{}] by ({}), {} bytes", fmt::join(std::span(sizes).first(n), ", "),
                     fmt::join(std::span(perm).first(n), ", "), element_size);
}

TransposeShape transpose_shape(std::span<const std::int64_t> sizes, std::span<const int> perm,
                               int element_size) {
  constexpr std::size_t kMax = TransposeShape::kMaxRank;
  KERATIN_ASSERT(sizes.size() == perm.size() && sizes.size() <= kMax);
  TransposeShape s;
  s.element_size = element_size;
  // Runs of axes that are neighbours in x and in y, in the order of y; axes of size 1 vanish.
  std::array<int, kMax> first{}, last{};
  std::array<std::int64_t, kMax> run_size{};
  std::size_t runs = 0;
  const auto next_axis = [&](int axis) {  // the next in x that is not of size 1
    do ++axis;
    while (axis < static_cast<int>(sizes.size()) && sizes[static_cast<std::size_t>(axis)] == 1);
    return axis;
  };
  for (const int axis : perm) {
    const std::int64_t size = sizes[static_cast<std::size_t>(axis)];
    if (size == 1) continue;
    if (runs > 0 && next_axis(last[runs - 1]) == axis) {
      last[runs - 1] = axis;
      run_size[runs - 1] *= size;
    } else {
      first[runs] = last[runs] = axis;
      run_size[runs++] = size;
    }
  }
  s.rank = static_cast<int>(runs);
  for (std::size_t k = 0; k < runs; ++k) {
    int axis = 0;  // where run k stands in x
    for (std::size_t other = 0; other < runs; ++other) axis += first[other] < first[k];
    s.perm[k] = axis;
    s.sizes[static_cast<std::size_t>(axis)] = run_size[k];
  }
  return s;
}

bool transpose_moves_last_axis(const TransposeShape& s) {
  return s.element_size == 4 && s.rank >= 2 &&
         s.perm[static_cast<std::size_t>(s.rank - 1)] != s.rank - 1;
}

namespace cpu {

// Walks y in order; for each element finds its place in x.
void transpose_reference(const void* x, void* y, const TransposeShape& s) {
  const auto rank = static_cast<std::size_t>(s.rank);
  const auto bytes = static_cast<std::size_t>(s.element_size);
  std::array<std::int64_t, TransposeShape::kMaxRank> stride{};  // of x, in elements
  std::int64_t size = 1;
  for (std::size_t k = rank; k-- > 0;) {
    stride[k] = size;
    size *= s.sizes[k];
  }
  for (std::int64_t i = 0; i < size; ++i) {
    std::int64_t rest = i, from = 0;
    for (std::size_t k = rank; k-- > 0;) {  // the last axis of y first
      const auto axis = static_cast<std::size_t>(s.perm[k]);
      from += rest % s.sizes[axis] * stride[axis];
      rest /= s.sizes[axis];
    }
    std::memcpy(static_cast<char*>(y) + i * s.element_size,
                static_cast<const char*>(x) + from * s.element_size, bytes);
  }
}

}  // namespace cpu
}  // namespace keratin::kernels
