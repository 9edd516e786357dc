// Dropout (Srivastava et al. 2014): y[i] = x[i] / (1 - rate) with probability 1 - rate, else 0.
// Whether element i stays depends on (seed, stream, i) alone, so the way back draws the mask again
// instead of keeping it: dx is dropout of dy.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"
#include "kernels/random/philox.h"

namespace keratin::kernels {

struct DropoutShape {
  std::int64_t size;
  double rate;  // [0, 1]
  PhiloxKey key;
  std::string text() const;
};
/// x and y may be the same.
template <class T>
using DropoutFn = void (*)(const T* x, T* y, const DropoutShape& s);
template <class T>
constexpr Cost dropout_cost(
    const DropoutShape& s) {  // ten rounds for four elements, counted as 20 an element
  return {.flops = 20.0 * static_cast<double>(s.size),
          .bytes = 2 * sizeof(T) * static_cast<double>(s.size)};
}

namespace cpu {
template <class T>
void dropout_reference(const T* x, T* y, const DropoutShape& s);
template <class T>
void dropout_blocks(const T* x, T* y, const DropoutShape& s);
void dropout_simd(const float* x, float* y, const DropoutShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto dropout_ladder =
    Ladder{"dropout", "dropout", dropout_cost<T>,
           std::array{Rung<DropoutFn<T>>{"reference", "", always, cpu::dropout_reference<T>},
                      Rung<DropoutFn<T>>{"blocks", "one draw for four elements; threads", always,
                                         cpu::dropout_blocks<T>, "", false}}};
template <>
inline constexpr auto dropout_ladder<float> = Ladder{
    "dropout", "dropout", dropout_cost<float>,
    std::array{Rung<DropoutFn<float>>{"reference", "", always, cpu::dropout_reference<float>},
               Rung<DropoutFn<float>>{"blocks", "one draw for four elements; threads", always,
                                      cpu::dropout_blocks<float>, "", false},
               Rung<DropoutFn<float>>{"simd", "a draw in each lane, no branch on the mask", always,
                                      cpu::dropout_simd}}};

namespace cuda {
template <class T>
void dropout_naive(const T* x, T* y, const DropoutShape& s, const Stream& stream);
template <class T>
void dropout_blocks(const T* x, T* y, const DropoutShape& s, const Stream& stream);

template <class T>
inline constexpr CudaLadder<DropoutFn<T>, 2> dropout_ladder{
    {{{"naive", "", always, dropout_naive<T>},
      {"blocks", "one draw for four elements, 16 bytes an access", always, dropout_blocks<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
