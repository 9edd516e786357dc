// The gradient of relu with its sums by column, which are the gradient of a bias that was added
// before relu: what one pass writes, no other reads again.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct ReluSumsShape {
  std::int64_t rows, cols;
  std::string text() const;
};

/// dz = y > 0 ? dy : 0,  sums[c] = sum over rows of dz; of bfloat16 in float32, rounded once. dy, y
/// and dz are [rows, cols]; dz may be dy.
template <class T>
using ReluSumsFn = void (*)(const T* dy, const T* y, T* dz, T* sums, const ReluSumsShape& s);
template <class T>
constexpr Cost relu_sums_cost(const ReluSumsShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.cols);
  return {.flops = 2 * n, .bytes = sizeof(T) * (3 * n + static_cast<double>(s.cols))};
}

namespace cpu {
template <class T>
void relu_sums_reference(const T* dy, const T* y, T* dz, T* sums, const ReluSumsShape& s);
}

/// On the CPU the operations (autograd/relu_sums.h) take the two passes one after the other.
template <class T>
inline constexpr auto relu_sums_ladder = Ladder{
    "reduce", std::is_same_v<T, BFloat16> ? "relu_sums_bfloat16" : "relu_sums", relu_sums_cost<T>,
    std::array{Rung<ReluSumsFn<T>>{"reference", "", always, cpu::relu_sums_reference<T>}}};

namespace cuda {
/// pieces: rows on blocks of their own, 16 bytes an access, 8 of bfloat16; otherwise a column a
/// thread.
template <bool pieces, class T>
void relu_sums_columns(const T* dy, const T* y, T* dz, T* sums, const ReluSumsShape& s,
                       const Stream& stream);

template <class T>
inline constexpr CudaLadder<ReluSumsFn<T>, 2> relu_sums_ladder{
    {{{"naive", "", always, relu_sums_columns<false, T>},
      {"pieces", "pieces of rows on blocks of their own, joined in order", always,
       relu_sums_columns<true, T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
