// Softmax and cross-entropy in one, from scores (logits), along rows.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct CrossEntropyShape {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  std::int64_t rows, classes;         // classes >= 1
  std::int64_t ignore_class = kNone;  // rows with this label: loss and gradient 0
  // Is the loss one number, the sum of all rows' times `scale`? Of the sparse kernels.
  bool total = false;
  double scale = 1;
  std::string text() const;
  /// The gradient of row r's own loss.
  template <class T>
  constexpr T row_gradient(const T* dloss, std::int64_t r) const {
    return total ? dloss[0] * static_cast<T>(scale) : dloss[r];
  }
};

/// loss[r] = ln sum exp(x[r]) - x[r, labels[r]]. Labels are 0 .. classes - 1 or ignore_class:
/// check_labels first. Its ladder of totals: loss[0] = scale times the sum of these over all rows.
template <class T>
using SparseCrossEntropyFn = void (*)(const T* x, const std::int32_t* labels, T* loss,
                                      const CrossEntropyShape& s);
/// dx[r] = dloss[r] (softmax(x[r]) - one_hot(labels[r])); of a total with scale dloss[0] in place
/// of dloss[r]
template <class T>
using SparseCrossEntropyGradientFn = void (*)(const T* x, const std::int32_t* labels,
                                              const T* dloss, T* dx, const CrossEntropyShape& s);
/// loss[r] = sum_c t[r, c] (ln sum exp(x[r]) - x[r, c])
template <class T>
using CrossEntropyFn = void (*)(const T* x, const T* t, T* loss, const CrossEntropyShape& s);
/// dx[r] = dloss[r] (softmax(x[r]) sum(t[r]) - t[r])
template <class T>
using CrossEntropyGradientFn = void (*)(const T* x, const T* t, const T* dloss, T* dx,
                                        const CrossEntropyShape& s);

template <class T, int kReads>  // kReads: tensors of rows x classes that are read or written
constexpr Cost cross_entropy_cost(const CrossEntropyShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.classes);
  return {.flops = 5 * n, .bytes = kReads * sizeof(T) * n};
}

/// The first row whose label is neither a class nor ignore_class; -1 if there is none.
std::int64_t check_labels(const std::int32_t* labels, const CrossEntropyShape& s);

namespace cpu {
template <class T>
void sparse_cross_entropy_reference(const T* x, const std::int32_t* labels, T* loss,
                                    const CrossEntropyShape& s);
template <class T>
void sparse_cross_entropy_gradient_reference(const T* x, const std::int32_t* labels, const T* dloss,
                                             T* dx, const CrossEntropyShape& s);
template <class T>
void cross_entropy_reference(const T* x, const T* t, T* loss, const CrossEntropyShape& s);
template <class T>
void cross_entropy_gradient_reference(const T* x, const T* t, const T* dloss, T* dx,
                                      const CrossEntropyShape& s);
void sparse_cross_entropy_simd(const float* x, const std::int32_t* labels, float* loss,
                               const CrossEntropyShape& s);
/// Sums in double.
template <class T>
void sparse_cross_entropy_total_reference(const T* x, const std::int32_t* labels, T* loss,
                                          const CrossEntropyShape& s);
void sparse_cross_entropy_total_simd(const float* x, const std::int32_t* labels, float* loss,
                                     const CrossEntropyShape& s);
void sparse_cross_entropy_gradient_simd(const float* x, const std::int32_t* labels,
                                        const float* dloss, float* dx, const CrossEntropyShape& s);
void cross_entropy_simd(const float* x, const float* t, float* loss, const CrossEntropyShape& s);
void cross_entropy_gradient_simd(const float* x, const float* t, const float* dloss, float* dx,
                                 const CrossEntropyShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto sparse_cross_entropy_ladder =
    Ladder{"cross_entropy", "sparse_cross_entropy", cross_entropy_cost<T, 1>,
           std::array{Rung<SparseCrossEntropyFn<T>>{"reference", "", always,
                                                    cpu::sparse_cross_entropy_reference<T>}}};
template <>
inline constexpr auto sparse_cross_entropy_ladder<float> =
    Ladder{"cross_entropy", "sparse_cross_entropy", cross_entropy_cost<float, 1>,
           std::array{Rung<SparseCrossEntropyFn<float>>{"reference", "", always,
                                                        cpu::sparse_cross_entropy_reference<float>},
                      Rung<SparseCrossEntropyFn<float>>{
                          "simd", "exp on all lanes; no probabilities are stored", always,
                          cpu::sparse_cross_entropy_simd}}};
template <class T>
inline constexpr auto sparse_cross_entropy_total_ladder =
    Ladder{"cross_entropy", "sparse_cross_entropy_total", cross_entropy_cost<T, 1>,
           std::array{Rung<SparseCrossEntropyFn<T>>{"reference", "", always,
                                                    cpu::sparse_cross_entropy_total_reference<T>}}};
template <>
inline constexpr auto sparse_cross_entropy_total_ladder<float> = Ladder{
    "cross_entropy", "sparse_cross_entropy_total", cross_entropy_cost<float, 1>,
    std::array{Rung<SparseCrossEntropyFn<float>>{"reference", "", always,
                                                 cpu::sparse_cross_entropy_total_reference<float>},
               Rung<SparseCrossEntropyFn<float>>{"simd", "exp on all lanes; rows on all threads",
                                                 always, cpu::sparse_cross_entropy_total_simd}}};
template <class T>
inline constexpr auto sparse_cross_entropy_gradient_ladder =
    Ladder{"cross_entropy", "sparse_cross_entropy_gradient", cross_entropy_cost<T, 2>,
           std::array{Rung<SparseCrossEntropyGradientFn<T>>{
               "reference", "", always, cpu::sparse_cross_entropy_gradient_reference<T>}}};
template <>
inline constexpr auto sparse_cross_entropy_gradient_ladder<float> = Ladder{
    "cross_entropy", "sparse_cross_entropy_gradient", cross_entropy_cost<float, 2>,
    std::array{Rung<SparseCrossEntropyGradientFn<float>>{
                   "reference", "", always, cpu::sparse_cross_entropy_gradient_reference<float>},
               Rung<SparseCrossEntropyGradientFn<float>>{
                   "simd", "exp on all lanes, one pass after the largest", always,
                   cpu::sparse_cross_entropy_gradient_simd}}};
template <class T>
inline constexpr auto cross_entropy_ladder = Ladder{
    "cross_entropy", "cross_entropy", cross_entropy_cost<T, 2>,
    std::array{Rung<CrossEntropyFn<T>>{"reference", "", always, cpu::cross_entropy_reference<T>}}};
template <>
inline constexpr auto cross_entropy_ladder<float> = Ladder{
    "cross_entropy", "cross_entropy", cross_entropy_cost<float, 2>,
    std::array{
        Rung<CrossEntropyFn<float>>{"reference", "", always, cpu::cross_entropy_reference<float>},
        Rung<CrossEntropyFn<float>>{"simd", "exp on all lanes", always, cpu::cross_entropy_simd}}};
template <class T>
inline constexpr auto cross_entropy_gradient_ladder =
    Ladder{"cross_entropy", "cross_entropy_gradient", cross_entropy_cost<T, 3>,
           std::array{Rung<CrossEntropyGradientFn<T>>{"reference", "", always,
                                                      cpu::cross_entropy_gradient_reference<T>}}};
template <>
inline constexpr auto cross_entropy_gradient_ladder<float> =
    Ladder{"cross_entropy", "cross_entropy_gradient", cross_entropy_cost<float, 3>,
           std::array{Rung<CrossEntropyGradientFn<float>>{
                          "reference", "", always, cpu::cross_entropy_gradient_reference<float>},
                      Rung<CrossEntropyGradientFn<float>>{"simd", "exp on all lanes", always,
                                                          cpu::cross_entropy_gradient_simd}}};

namespace cuda {
/// kGroup threads a row: 1, 32 or 256.
template <int kGroup, class T>
void sparse_cross_entropy_rows(const T* x, const std::int32_t* labels, T* loss,
                               const CrossEntropyShape& s, const Stream& stream);
template <int kGroup, class T>
void sparse_cross_entropy_gradient_rows(const T* x, const std::int32_t* labels, const T* dloss,
                                        T* dx, const CrossEntropyShape& s, const Stream& stream);
template <int kGroup, class T>
void cross_entropy_rows(const T* x, const T* t, T* loss, const CrossEntropyShape& s,
                        const Stream& stream);
template <int kGroup, class T>
void cross_entropy_gradient_rows(const T* x, const T* t, const T* dloss, T* dx,
                                 const CrossEntropyShape& s, const Stream& stream);
/// 1024 classes or more.
bool cross_entropy_block_applies(const CrossEntropyShape& s);
/// Sums of parts, then their sum: how rows are cut depends on the shape alone.
template <class T>
void sparse_cross_entropy_total_parts(const T* x, const std::int32_t* labels, T* loss,
                                      const CrossEntropyShape& s, const Stream& stream);
template <class T>
void sparse_cross_entropy_total_block(const T* x, const std::int32_t* labels, T* loss,
                                      const CrossEntropyShape& s, const Stream& stream);
/// Up to 16,384 scores, fewer than 1024 a row.
bool sparse_cross_entropy_total_block_applies(const CrossEntropyShape& s);

template <class T>
inline constexpr CudaLadder<SparseCrossEntropyFn<T>, 3> sparse_cross_entropy_ladder{
    {{{"naive", "", always, sparse_cross_entropy_rows<1, T>},
      {"warp", "a warp a row: whole sectors, sums by shuffles", always,
       sparse_cross_entropy_rows<32, T>},
      {"block", "a block a row: long rows have enough loads in flight", cross_entropy_block_applies,
       sparse_cross_entropy_rows<256, T>}}}};
template <class T>
inline constexpr CudaLadder<SparseCrossEntropyFn<T>, 2> sparse_cross_entropy_total_ladder{
    {{{"parts", "", always, sparse_cross_entropy_total_parts<T>},
      {"block", "a small batch is one launch, of one block",
       sparse_cross_entropy_total_block_applies, sparse_cross_entropy_total_block<T>}}}};
template <class T>
inline constexpr CudaLadder<SparseCrossEntropyGradientFn<T>, 3>
    sparse_cross_entropy_gradient_ladder{
        {{{"naive", "", always, sparse_cross_entropy_gradient_rows<1, T>},
          {"warp", "a warp a row: whole sectors, sums by shuffles", always,
           sparse_cross_entropy_gradient_rows<32, T>},
          {"block", "a block a row: long rows have enough loads in flight",
           cross_entropy_block_applies, sparse_cross_entropy_gradient_rows<256, T>}}}};
template <class T>
inline constexpr CudaLadder<CrossEntropyFn<T>, 3> cross_entropy_ladder{
    {{{"naive", "", always, cross_entropy_rows<1, T>},
      {"warp", "a warp a row: whole sectors, sums by shuffles", always, cross_entropy_rows<32, T>},
      {"block", "a block a row: long rows have enough loads in flight", cross_entropy_block_applies,
       cross_entropy_rows<256, T>}}}};
template <class T>
inline constexpr CudaLadder<CrossEntropyGradientFn<T>, 3> cross_entropy_gradient_ladder{
    {{{"naive", "", always, cross_entropy_gradient_rows<1, T>},
      {"warp", "a warp a row: whole sectors, sums by shuffles", always,
       cross_entropy_gradient_rows<32, T>},
      {"block", "a block a row: long rows have enough loads in flight", cross_entropy_block_applies,
       cross_entropy_gradient_rows<256, T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
