// Layer normalization (Ba, Kiros and Hinton 2016) of [rows, cols]: each row by itself. gamma and
// beta may be null (1 and 0). y may be x; dx may be dy or x. Sums over rows are taken in pieces
// fixed by the shape, joined in double. Of x in bfloat16 mean, scale, gamma and beta are float32
// (bfloat16.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct LayerNormShape {
  std::int64_t rows, cols;  // cols >= 1
  double epsilon;
  std::string text() const;
};

/// What mean, scale, gamma and beta are of.
template <class T>
using RowNumber = std::conditional_t<std::is_same_v<T, BFloat16>, float, T>;

/// scale[r] = 1 / sqrt(variance of row r, biased, + epsilon)
/// y = gamma (x - mean[r]) scale[r] + beta
template <class T>
using LayerNormFn = void (*)(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                             RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s);
/// With xhat = (x - mean) scale, where mean and scale are the forward pass', and g = dy gamma:
///   dbeta = sum over rows of dy,  dgamma = sum over rows of dy xhat,
///   dx = scale (g - mean of g over the row - xhat mean of g xhat over the row)
template <class T>
using LayerNormGradientFn = void (*)(const T* x, const T* dy, const RowNumber<T>* gamma,
                                     const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                                     RowNumber<T>* dgamma, RowNumber<T>* dbeta,
                                     const LayerNormShape& s);

template <class T>
constexpr Cost layer_norm_cost(const LayerNormShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.cols);
  return {.flops = 7 * n, .bytes = 2 * sizeof(T) * n};
}
template <class T>
constexpr Cost layer_norm_gradient_cost(const LayerNormShape& s) {
  const double n = static_cast<double>(s.rows) * static_cast<double>(s.cols);
  return {.flops = 13 * n, .bytes = 3 * sizeof(T) * n};
}

namespace cpu {
template <class T>
void layer_norm_reference(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                          RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s);
template <class T>
void layer_norm_gradient_reference(const T* x, const T* dy, const RowNumber<T>* gamma,
                                   const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                                   RowNumber<T>* dgamma, RowNumber<T>* dbeta,
                                   const LayerNormShape& s);
void layer_norm_simd(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* scale, const LayerNormShape& s);
void layer_norm_gradient_simd(const float* x, const float* dy, const float* gamma,
                              const float* mean, const float* scale, float* dx, float* dgamma,
                              float* dbeta, const LayerNormShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto layer_norm_ladder =
    Ladder{"layer_normalization", "layer_norm", layer_norm_cost<T>,
           std::array{Rung<LayerNormFn<T>>{"reference", "", always, cpu::layer_norm_reference<T>}}};
template <>
inline constexpr auto layer_norm_ladder<float> = Ladder{
    "layer_normalization", "layer_norm", layer_norm_cost<float>,
    std::array{
        Rung<LayerNormFn<float>>{"reference", "", always, cpu::layer_norm_reference<float>},
        Rung<LayerNormFn<float>>{"simd", "all lanes; a row stays in the first-level cache; threads",
                                 always, cpu::layer_norm_simd}}};
template <class T>
inline constexpr auto layer_norm_gradient_ladder =
    Ladder{"layer_normalization", "layer_norm_gradient", layer_norm_gradient_cost<T>,
           std::array{Rung<LayerNormGradientFn<T>>{"reference", "", always,
                                                   cpu::layer_norm_gradient_reference<T>}}};
template <>
inline constexpr auto layer_norm_gradient_ladder<float> =
    Ladder{"layer_normalization", "layer_norm_gradient", layer_norm_gradient_cost<float>,
           std::array{Rung<LayerNormGradientFn<float>>{"reference", "", always,
                                                       cpu::layer_norm_gradient_reference<float>},
                      Rung<LayerNormGradientFn<float>>{
                          "simd", "four rows at a time, their sums by column touched once", always,
                          cpu::layer_norm_gradient_simd}}};

namespace cuda {
/// kGroup threads a row: 1, 32 or 256.
template <int kGroup, class T>
void layer_norm_rows(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                     RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s,
                     const Stream& stream);
template <int kGroup, class T>
void layer_norm_gradient_rows(const T* x, const T* dy, const RowNumber<T>* gamma,
                              const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                              RowNumber<T>* dgamma, RowNumber<T>* dbeta, const LayerNormShape& s,
                              const Stream& stream);
template <class T>
void layer_norm_held(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                     RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s,
                     const Stream& stream);
template <class T>
void layer_norm_gradient_held(const T* x, const T* dy, const RowNumber<T>* gamma,
                              const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                              RowNumber<T>* dgamma, RowNumber<T>* dbeta, const LayerNormShape& s,
                              const Stream& stream);
/// Rows that a block has work with.
bool layer_norm_block_applies(const LayerNormShape& s);
/// Rows of up to 1024.
bool layer_norm_held_applies(const LayerNormShape& s);

template <class T>
inline constexpr CudaLadder<LayerNormFn<T>, 4> layer_norm_ladder{
    {{{"naive", "", always, layer_norm_rows<1, T>},
      {"warp", "32 threads a row: neighbours read together, sums by shuffles", always,
       layer_norm_rows<32, T>},
      {"block", "256 threads a row: long rows", layer_norm_block_applies, layer_norm_rows<256, T>},
      {"held", "a warp a row in its registers: read once", layer_norm_held_applies,
       layer_norm_held<T>}}}};
template <class T>
inline constexpr CudaLadder<LayerNormGradientFn<T>, 4> layer_norm_gradient_ladder{
    {{{"naive", "", always, layer_norm_gradient_rows<1, T>},
      {"warp", "32 threads a row; sums by column in pieces, joined in order", always,
       layer_norm_gradient_rows<32, T>},
      {"block", "256 threads a row: long rows", layer_norm_block_applies,
       layer_norm_gradient_rows<256, T>},
      {"held", "a warp a row in its registers: read once", layer_norm_held_applies,
       layer_norm_gradient_held<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
