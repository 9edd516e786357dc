// Batch normalization with the relu that follows it, and what is added in between: no pass over
// memory of their own. Null pointers and bfloat16 as in batch_normalization.h. y may be x or the
// residual; dx or dz may be dy.
#pragma once

#include "kernels/batch_normalization/bfloat16.h"

namespace keratin::kernels {

struct BatchNormReluShape : BatchNormShape {
  bool residual = false;  // is something added; is its gradient wanted?
  std::string text() const;
};

/// y = max(gamma (x - mean) / sqrt(variance + epsilon) + beta [+ residual], 0); NaN stays. Before
/// the residual is added the sum is rounded to T, as where batch_norm stores it.
template <class T>
using BatchNormReluFn = void (*)(const T* x, const ChannelNumber<T>* mean,
                                 const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                                 const ChannelNumber<T>* beta, const T* residual, T* y,
                                 const BatchNormReluShape& s);
/// dz = y > 0 ? dy : 0, the gradient of the residual too, written where s.residual (else it lies in dx
/// until that is known); and what batch_norm_gradient makes of dz.
template <class T>
using BatchNormReluGradientFn = void (*)(const T* x, const T* dy, const T* y,
                                         const ChannelNumber<T>* mean,
                                         const ChannelNumber<T>* variance,
                                         const ChannelNumber<T>* gamma, T* dx, T* dz,
                                         ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                         const BatchNormReluShape& s);

template <class T>
constexpr Cost batch_norm_relu_cost(const BatchNormReluShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.channels);
  return {.flops = (s.residual ? 4 : 3) * n, .bytes = (s.residual ? 3 : 2) * sizeof(T) * n};
}
template <class T>
constexpr Cost batch_norm_relu_gradient_cost(const BatchNormReluShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.channels);
  return {.flops = 10 * n, .bytes = (s.residual ? 5 : 4) * sizeof(T) * n};
}

namespace cpu {
template <class T>
void batch_norm_relu_reference(const T* x, const ChannelNumber<T>* mean,
                               const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                               const ChannelNumber<T>* beta, const T* residual, T* y,
                               const BatchNormReluShape& s);
template <class T>
void batch_norm_relu_gradient_reference(const T* x, const T* dy, const T* y,
                                        const ChannelNumber<T>* mean,
                                        const ChannelNumber<T>* variance,
                                        const ChannelNumber<T>* gamma, T* dx, T* dz,
                                        ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                        const BatchNormReluShape& s);
void batch_norm_relu_simd(const float* x, const float* mean, const float* variance,
                          const float* gamma, const float* beta, const float* residual, float* y,
                          const BatchNormReluShape& s);
void batch_norm_relu_gradient_simd(const float* x, const float* dy, const float* y,
                                   const float* mean, const float* variance, const float* gamma,
                                   float* dx, float* dz, float* dgamma, float* dbeta,
                                   const BatchNormReluShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto batch_norm_relu_ladder =
    Ladder{"batch_normalization",
           std::is_same_v<T, BFloat16> ? "batch_norm_relu_bfloat16" : "batch_norm_relu",
           batch_norm_relu_cost<T>,
           std::array{Rung<BatchNormReluFn<T>>{"reference", "", always,
                                               cpu::batch_norm_relu_reference<T>}}};
template <>
inline constexpr auto batch_norm_relu_ladder<float> = Ladder{
    "batch_normalization", "batch_norm_relu", batch_norm_relu_cost<float>,
    std::array{Rung<BatchNormReluFn<float>>{"reference", "", always,
                                            cpu::batch_norm_relu_reference<float>},
               Rung<BatchNormReluFn<float>>{"simd", "as batch_norm; nothing is stored in between",
                                            always, cpu::batch_norm_relu_simd}}};
template <class T>
inline constexpr auto batch_norm_relu_gradient_ladder = Ladder{
    "batch_normalization",
    std::is_same_v<T, BFloat16> ? "batch_norm_relu_gradient_bfloat16" : "batch_norm_relu_gradient",
    batch_norm_relu_gradient_cost<T>,
    std::array{Rung<BatchNormReluGradientFn<T>>{"reference", "", always,
                                                cpu::batch_norm_relu_gradient_reference<T>}}};
template <>
inline constexpr auto batch_norm_relu_gradient_ladder<float> = Ladder{
    "batch_normalization", "batch_norm_relu_gradient", batch_norm_relu_gradient_cost<float>,
    std::array{Rung<BatchNormReluGradientFn<float>>{"reference", "", always,
                                                    cpu::batch_norm_relu_gradient_reference<float>},
               Rung<BatchNormReluGradientFn<float>>{
                   "simd",
                   "as batch_norm_gradient; dz is made where it is needed, and stored if asked for",
                   always, cpu::batch_norm_relu_gradient_simd}}};

namespace cuda {
template <bool pieces, class T>
void batch_norm_relu_columns(const T* x, const ChannelNumber<T>* mean,
                             const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                             const ChannelNumber<T>* beta, const T* residual, T* y,
                             const BatchNormReluShape& s, const Stream& stream);
template <bool pieces, class T>
void batch_norm_relu_gradient_columns(const T* x, const T* dy, const T* y,
                                      const ChannelNumber<T>* mean,
                                      const ChannelNumber<T>* variance,
                                      const ChannelNumber<T>* gamma, T* dx, T* dz,
                                      ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                      const BatchNormReluShape& s, const Stream& stream);

template <class T>
inline constexpr CudaLadder<BatchNormReluFn<T>, 2> batch_norm_relu_ladder{
    {{{"naive", "", always, batch_norm_relu_columns<false, T>},
      {"columns", "a channel's numbers worked out once a thread; 16 bytes an access", always,
       batch_norm_relu_columns<true, T>}}}};
template <class T>
inline constexpr CudaLadder<BatchNormReluGradientFn<T>, 2> batch_norm_relu_gradient_ladder{
    {{{"naive", "", always, batch_norm_relu_gradient_columns<false, T>},
      {"pieces", "as in the moments, then 16 bytes an access", always,
       batch_norm_relu_gradient_columns<true, T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
