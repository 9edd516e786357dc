// Pooling of images: the largest or the mean of each window, every channel by itself.
//
// The window of output (i, j) is the cells [i stride_h - pad_top, ... + pool_h) x [j stride_w -
// pad_left, ... + pool_w) of x that lie inside the image. There must be at least one; cells outside
// never win, and the mean is over those inside.
//   max_pool2d               y = max over the window; NaN if one is in it
//   average_pool2d           y = mean over the window
//   max_pool2d_gradient      dx = sum of dy over the windows in which the cell is the first largest
//   (row by row), or the first NaN average_pool2d_gradient  dx = sum of dy / cells of the window,
//   over the windows that hold the cell
//
// x, dx: [batch, in_h, in_w, channels]; y, dy: [batch, out_h, out_w, channels]; all contiguous and
// distinct. Every element of the result is written. batch may be 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct Pool2dShape {
  std::int64_t batch = 0, in_h = 0, in_w = 0, channels = 0;
  std::int64_t out_h = 0, out_w = 0;
  std::int64_t pool_h = 2, pool_w = 2, stride_h = 2, stride_w = 2;
  std::int64_t pad_top = 0, pad_left = 0;

  constexpr std::int64_t in_size() const { return batch * in_h * in_w * channels; }
  constexpr std::int64_t out_size() const { return batch * out_h * out_w * channels; }

  /// Cells [first, last) along one axis.
  struct Range {
    std::int64_t first, last;
    constexpr std::int64_t size() const { return last - first; }
  };
  /// The cells of window i, inside the image.
  constexpr Range rows(std::int64_t i) const { return cells(i * stride_h - pad_top, pool_h, in_h); }
  constexpr Range columns(std::int64_t j) const {
    return cells(j * stride_w - pad_left, pool_w, in_w);
  }

  /// "[32, 26, 26, 32] 2x2 -> [32, 13, 13, 32]", then strides that differ from the window, padding.
  std::string text() const;

 private:
  static constexpr Range cells(std::int64_t first, std::int64_t count, std::int64_t size) {
    return {std::max<std::int64_t>(0, first), std::min(size, first + count)};
  }
};

template <class T>
using Pool2dFn = void (*)(const T* x, T* y, const Pool2dShape& s);
template <class T>
using MaxPool2dGradientFn = void (*)(const T* x, const T* dy, T* dx, const Pool2dShape& s);
template <class T>
using AveragePool2dGradientFn = void (*)(const T* dy, T* dx, const Pool2dShape& s);

/// One FLOP a cell of a window.
template <class T>
constexpr Cost pool2d_cost(const Pool2dShape& s) {
  const auto in = static_cast<double>(s.in_size()), out = static_cast<double>(s.out_size());
  return {.flops = out * static_cast<double>(s.pool_h * s.pool_w), .bytes = sizeof(T) * (in + out)};
}
template <class T>
constexpr Cost max_pool2d_gradient_cost(const Pool2dShape& s) {
  const auto in = static_cast<double>(s.in_size()), out = static_cast<double>(s.out_size());
  return {.flops = out * static_cast<double>(s.pool_h * s.pool_w),
          .bytes = sizeof(T) * (2 * in + out)};
}

namespace cpu {
template <class T>
void max_pool2d_reference(const T* x, T* y, const Pool2dShape& s);
template <class T>
void max_pool2d_gradient_reference(const T* x, const T* dy, T* dx, const Pool2dShape& s);
template <class T>
void average_pool2d_reference(const T* x, T* y, const Pool2dShape& s);
template <class T>
void average_pool2d_gradient_reference(const T* dy, T* dx, const Pool2dShape& s);
void max_pool2d_simd(const float* x, float* y, const Pool2dShape& s);
void max_pool2d_gradient_simd(const float* x, const float* dy, float* dx, const Pool2dShape& s);
void average_pool2d_simd(const float* x, float* y, const Pool2dShape& s);
void average_pool2d_gradient_simd(const float* dy, float* dx, const Pool2dShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto max_pool2d_ladder =
    Ladder{"pool2d", "max_pool2d", pool2d_cost<T>,
           std::array{Rung<Pool2dFn<T>>{"reference", "", always, cpu::max_pool2d_reference<T>}}};
template <>
inline constexpr auto max_pool2d_ladder<float> = Ladder{
    "pool2d", "max_pool2d", pool2d_cost<float>,
    std::array{Rung<Pool2dFn<float>>{"reference", "", always, cpu::max_pool2d_reference<float>},
               Rung<Pool2dFn<float>>{"simd", "a vector of channels at a time; threads", always,
                                     cpu::max_pool2d_simd}}};
template <class T>
inline constexpr auto max_pool2d_gradient_ladder =
    Ladder{"pool2d", "max_pool2d_gradient", max_pool2d_gradient_cost<T>,
           std::array{Rung<MaxPool2dGradientFn<T>>{"reference", "", always,
                                                   cpu::max_pool2d_gradient_reference<T>}}};
template <>
inline constexpr auto max_pool2d_gradient_ladder<float> =
    Ladder{"pool2d", "max_pool2d_gradient", max_pool2d_gradient_cost<float>,
           std::array{Rung<MaxPool2dGradientFn<float>>{"reference", "", always,
                                                       cpu::max_pool2d_gradient_reference<float>},
                      Rung<MaxPool2dGradientFn<float>>{
                          "simd", "a vector of channels at a time, no branch on which cell wins",
                          always, cpu::max_pool2d_gradient_simd}}};
template <class T>
inline constexpr auto average_pool2d_ladder = Ladder{
    "pool2d", "average_pool2d", pool2d_cost<T>,
    std::array{Rung<Pool2dFn<T>>{"reference", "", always, cpu::average_pool2d_reference<T>}}};
template <>
inline constexpr auto average_pool2d_ladder<float> = Ladder{
    "pool2d", "average_pool2d", pool2d_cost<float>,
    std::array{Rung<Pool2dFn<float>>{"reference", "", always, cpu::average_pool2d_reference<float>},
               Rung<Pool2dFn<float>>{"simd", "a vector of channels at a time; threads", always,
                                     cpu::average_pool2d_simd}}};
template <class T>
inline constexpr auto average_pool2d_gradient_ladder =
    Ladder{"pool2d", "average_pool2d_gradient", pool2d_cost<T>,
           std::array{Rung<AveragePool2dGradientFn<T>>{"reference", "", always,
                                                       cpu::average_pool2d_gradient_reference<T>}}};
template <>
inline constexpr auto average_pool2d_gradient_ladder<float> =
    Ladder{"pool2d", "average_pool2d_gradient", pool2d_cost<float>,
           std::array{Rung<AveragePool2dGradientFn<float>>{
                          "reference", "", always, cpu::average_pool2d_gradient_reference<float>},
                      Rung<AveragePool2dGradientFn<float>>{
                          "simd", "gathered: each cell written once, by any thread", always,
                          cpu::average_pool2d_gradient_simd}}};

namespace cuda {
template <class T>
void max_pool2d_naive(const T* x, T* y, const Pool2dShape& s, const Stream& stream);
template <class T>
void max_pool2d_gradient_naive(const T* x, const T* dy, T* dx, const Pool2dShape& s,
                               const Stream& stream);
template <class T>
void average_pool2d_naive(const T* x, T* y, const Pool2dShape& s, const Stream& stream);
template <class T>
void average_pool2d_gradient_naive(const T* dy, T* dx, const Pool2dShape& s, const Stream& stream);

template <class T>
void max_pool2d_channels(const T* x, T* y, const Pool2dShape& s, const Stream& stream);
template <class T>
void max_pool2d_gradient_channels(const T* x, const T* dy, T* dx, const Pool2dShape& s,
                                  const Stream& stream);
template <class T>
void average_pool2d_channels(const T* x, T* y, const Pool2dShape& s, const Stream& stream);
template <class T>
void average_pool2d_gradient_channels(const T* dy, T* dx, const Pool2dShape& s,
                                      const Stream& stream);
/// Images that can be counted in 32 bits.
bool pool2d_channels_applies(const Pool2dShape& s);

/// What `channels` gains.
inline constexpr const char* kPool2dChannels =
    "four channels an access; a place is found once for them, by multiplications";

template <class T>
inline constexpr CudaLadder<Pool2dFn<T>, 2> max_pool2d_ladder{
    {{{"naive", "", always, max_pool2d_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, max_pool2d_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<MaxPool2dGradientFn<T>, 2> max_pool2d_gradient_ladder{
    {{{"naive", "", always, max_pool2d_gradient_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, max_pool2d_gradient_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<Pool2dFn<T>, 2> average_pool2d_ladder{
    {{{"naive", "", always, average_pool2d_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, average_pool2d_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<AveragePool2dGradientFn<T>, 2> average_pool2d_gradient_ladder{
    {{{"naive", "", always, average_pool2d_gradient_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies,
       average_pool2d_gradient_channels<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
