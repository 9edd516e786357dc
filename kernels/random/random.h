// Fills with random numbers: element i depends on (seed, stream, i) alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"
#include "kernels/random/philox.h"

namespace keratin::kernels {

enum class Distribution : std::uint8_t {
  uniform,           // [low, high)
  normal,            // mean 0, variance 1: Box and Muller 1958, one block an element
  truncated_normal,  // the same, redrawn until it lies within 2 standard deviations
};

struct RandomShape {
  Distribution distribution;
  std::int64_t size;
  PhiloxKey key;
  double low = 0, high = 1;  // uniform only
  std::string text() const;
};
template <class T>
using RandomFn = void (*)(T* y, const RandomShape& s);
template <class T>
constexpr Cost random_cost(
    const RandomShape& s) {  // ten rounds of a few integer operations a block, counted as 20
  return {.flops = 20.0 * static_cast<double>(s.size),
          .bytes = sizeof(T) * static_cast<double>(s.size)};
}

namespace cpu {
template <class T>
void random_reference(T* y, const RandomShape& s);
template <class T>
void random_threads(T* y, const RandomShape& s);
void random_simd(float* y, const RandomShape& s);
}  // namespace cpu

/// T: float or double. Elements differ between the two types.
template <class T>
inline constexpr auto random_ladder =
    Ladder{"random", "random", random_cost<T>,
           std::array{Rung<RandomFn<T>>{"reference", "", always, cpu::random_reference<T>},
                      Rung<RandomFn<T>>{"threads", "pieces on all threads", always,
                                        cpu::random_threads<T>, "", false}}};
template <>
inline constexpr auto random_ladder<float> =
    Ladder{"random", "random", random_cost<float>,
           std::array{Rung<RandomFn<float>>{"reference", "", always, cpu::random_reference<float>},
                      Rung<RandomFn<float>>{"threads", "pieces on all threads", always,
                                            cpu::random_threads<float>, "", false},
                      Rung<RandomFn<float>>{"simd",
                                            "a block of the generator in each lane, all its words "
                                            "used; logarithm and cosine on all lanes",
                                            always, cpu::random_simd}}};

namespace cuda {
template <class T>
void random_naive(T* y, const RandomShape& s, const Stream& stream);
template <class T>
void random_blocks(T* y, const RandomShape& s, const Stream& stream);
/// Uniform numbers: normal ones take a whole draw each.
bool random_blocks_applies(const RandomShape& s);

template <class T>
inline constexpr CudaLadder<RandomFn<T>, 2> random_ladder{
    {{{"naive", "", always, random_naive<T>},
      {"blocks", "all words of a draw used, 16 bytes an access", random_blocks_applies,
       random_blocks<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
