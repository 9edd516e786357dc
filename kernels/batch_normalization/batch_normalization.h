// Batch normalization (Ioffe and Szegedy 2015) of [rows, channels], channels innermost: all axes
// but the last are rows. gamma and beta may be null (1 and 0). Sums over rows are taken in pieces
// fixed by the shape, joined in double. y may be x; dx may be dy or x. Of x in bfloat16 the numbers
// of a channel are float32 (bfloat16.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct BatchNormShape {
  std::int64_t rows, channels;  // rows >= 1
  double epsilon;
  std::string text() const;
};

/// What mean, variance, gamma and beta are of.
template <class T>
using ChannelNumber = std::conditional_t<std::is_same_v<T, BFloat16>, float, T>;

/// mean[c], variance[c]: over the rows, biased (divided by rows).
template <class T>
using BatchMomentsFn = void (*)(const T* x, ChannelNumber<T>* mean, ChannelNumber<T>* variance,
                                const BatchNormShape& s);
/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta
template <class T>
using BatchNormFn = void (*)(const T* x, const ChannelNumber<T>* mean,
                             const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                             const ChannelNumber<T>* beta, T* y, const BatchNormShape& s);
/// With xhat = (x - mean) / sqrt(variance + epsilon), where mean and variance are x's own:
///   dbeta = sum dy,  dgamma = sum dy xhat,
///   dx = gamma / sqrt(variance + epsilon) (dy - dbeta / rows - xhat dgamma / rows)
template <class T>
using BatchNormGradientFn = void (*)(const T* x, const T* dy, const ChannelNumber<T>* mean,
                                     const ChannelNumber<T>* variance,
                                     const ChannelNumber<T>* gamma, T* dx, ChannelNumber<T>* dgamma,
                                     ChannelNumber<T>* dbeta, const BatchNormShape& s);

template <class T>
constexpr Cost batch_moments_cost(const BatchNormShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.channels);
  return {.flops = 4 * n, .bytes = sizeof(T) * n};
}
template <class T>
constexpr Cost batch_norm_cost(const BatchNormShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.channels);
  return {.flops = 2 * n, .bytes = 2 * sizeof(T) * n};
}
template <class T>
constexpr Cost batch_norm_gradient_cost(const BatchNormShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.channels);
  return {.flops = 9 * n, .bytes = 3 * sizeof(T) * n};
}

namespace cpu {
template <class T>
void batch_moments_reference(const T* x, ChannelNumber<T>* mean, ChannelNumber<T>* variance,
                             const BatchNormShape& s);
template <class T>
void batch_norm_reference(const T* x, const ChannelNumber<T>* mean,
                          const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                          const ChannelNumber<T>* beta, T* y, const BatchNormShape& s);
template <class T>
void batch_norm_gradient_reference(const T* x, const T* dy, const ChannelNumber<T>* mean,
                                   const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                                   T* dx, ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                   const BatchNormShape& s);
void batch_moments_simd(const float* x, float* mean, float* variance, const BatchNormShape& s);
void batch_norm_simd(const float* x, const float* mean, const float* variance, const float* gamma,
                     const float* beta, float* y, const BatchNormShape& s);
void batch_norm_gradient_simd(const float* x, const float* dy, const float* mean,
                              const float* variance, const float* gamma, float* dx, float* dgamma,
                              float* dbeta, const BatchNormShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto batch_moments_ladder = Ladder{
    "batch_normalization", "batch_moments", batch_moments_cost<T>,
    std::array{Rung<BatchMomentsFn<T>>{"reference", "", always, cpu::batch_moments_reference<T>}}};
template <>
inline constexpr auto batch_moments_ladder<float> = Ladder{
    "batch_normalization", "batch_moments", batch_moments_cost<float>,
    std::array{
        Rung<BatchMomentsFn<float>>{"reference", "", always, cpu::batch_moments_reference<float>},
        Rung<BatchMomentsFn<float>>{"simd", "one pass over x for both moments; threads over pieces",
                                    always, cpu::batch_moments_simd}}};
template <class T>
inline constexpr auto batch_norm_ladder =
    Ladder{"batch_normalization", "batch_norm", batch_norm_cost<T>,
           std::array{Rung<BatchNormFn<T>>{"reference", "", always, cpu::batch_norm_reference<T>}}};
template <>
inline constexpr auto batch_norm_ladder<float> = Ladder{
    "batch_normalization", "batch_norm", batch_norm_cost<float>,
    std::array{Rung<BatchNormFn<float>>{"reference", "", always, cpu::batch_norm_reference<float>},
               Rung<BatchNormFn<float>>{"simd", "one multiply-add an element; threads", always,
                                        cpu::batch_norm_simd}}};
template <class T>
inline constexpr auto batch_norm_gradient_ladder =
    Ladder{"batch_normalization", "batch_norm_gradient", batch_norm_gradient_cost<T>,
           std::array{Rung<BatchNormGradientFn<T>>{"reference", "", always,
                                                   cpu::batch_norm_gradient_reference<T>}}};
template <>
inline constexpr auto batch_norm_gradient_ladder<float> =
    Ladder{"batch_normalization", "batch_norm_gradient", batch_norm_gradient_cost<float>,
           std::array{Rung<BatchNormGradientFn<float>>{"reference", "", always,
                                                       cpu::batch_norm_gradient_reference<float>},
                      Rung<BatchNormGradientFn<float>>{"simd",
                                                       "two passes, all lanes; threads over pieces",
                                                       always, cpu::batch_norm_gradient_simd}}};

namespace cuda {
/// pieces: rows on blocks of their own and four channels an access, eight of bfloat16; otherwise a
/// column or an element a thread.
template <bool pieces, class T>
void batch_moments_columns(const T* x, ChannelNumber<T>* mean, ChannelNumber<T>* variance,
                           const BatchNormShape& s, const Stream& stream);
template <bool pieces, class T>
void batch_norm_columns(const T* x, const ChannelNumber<T>* mean, const ChannelNumber<T>* variance,
                        const ChannelNumber<T>* gamma, const ChannelNumber<T>* beta, T* y,
                        const BatchNormShape& s, const Stream& stream);
template <bool pieces, class T>
void batch_norm_gradient_columns(const T* x, const T* dy, const ChannelNumber<T>* mean,
                                 const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                                 T* dx, ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                 const BatchNormShape& s, const Stream& stream);

template <class T>
inline constexpr CudaLadder<BatchMomentsFn<T>, 2> batch_moments_ladder{
    {{{"naive", "", always, batch_moments_columns<false, T>},
      {"pieces", "pieces of rows on blocks of their own, both sums in one pass, joined in order",
       always, batch_moments_columns<true, T>}}}};
template <class T>
inline constexpr CudaLadder<BatchNormFn<T>, 2> batch_norm_ladder{
    {{{"naive", "", always, batch_norm_columns<false, T>},
      {"columns", "a channel's numbers worked out once a thread; 16 bytes an access", always,
       batch_norm_columns<true, T>}}}};
template <class T>
inline constexpr CudaLadder<BatchNormGradientFn<T>, 2> batch_norm_gradient_ladder{
    {{{"naive", "", always, batch_norm_gradient_columns<false, T>},
      {"pieces", "as in the moments, then 16 bytes an access", always,
       batch_norm_gradient_columns<true, T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
