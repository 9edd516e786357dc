// Pooling of images: the largest or the mean of each window, every channel by itself.
//
// The window of output (i, j) is the cells [i stride_h - pad_top, ... + pool_h) x [j stride_w -
// pad_left, ... + pool_w) of x that lie inside the image. There must be at least one; cells outside
// never win, and the mean is over those inside.
//   max_pool2d               y = max over the window; NaN if one is in it
//                            winners = which cell that was: the first largest, row by row, or the
//                            first NaN
//   max_pool2d_gradient      dx = sum of dy over the windows that the cell won
//   average_pool2d           y = mean over the window
//   average_pool2d_gradient  dx = sum of dy / cells of the window, over the windows that hold the
//                            cell
//
// x, dx: [batch, in_h, in_w, channels]; y, dy, winners: [batch, out_h, out_w, channels]; all
// contiguous and distinct. Every element of the result is written. batch may be 0.
//
// A winner is told by its number in the window, row pool_w + column, cells outside the image
// counted: as std::uint8_t where Pool2dShape::winner_bytes is 1, which windows of up to 256 cells
// allow, as std::int32_t where it is 4. 0: nobody wants to know, and `winners` is not looked at.
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
  std::int64_t winner_bytes = 0;  // of max_pool2d: 0, 1 or 4

  /// What a winner's number takes.
  constexpr std::int64_t bytes_of_winner() const { return pool_h * pool_w <= 256 ? 1 : 4; }
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

  /// The windows that hold cell `row`, or `column`, of an axis; they may be none.
  constexpr Range rows_with(std::int64_t row) const {
    return windows(row + pad_top, pool_h, stride_h, out_h);
  }
  constexpr Range columns_with(std::int64_t column) const {
    return windows(column + pad_left, pool_w, stride_w, out_w);
  }
  /// The number of a cell in window (i, j).
  constexpr std::int64_t number(std::int64_t i, std::int64_t j, std::int64_t row,
                                std::int64_t column) const {
    return (row + pad_top - i * stride_h) * pool_w + column + pad_left - j * stride_w;
  }

  /// "[32, 26, 26, 32] 2x2 -> [32, 13, 13, 32]", then strides that differ from the window, padding.
  std::string text() const;

 private:
  static constexpr Range cells(std::int64_t first, std::int64_t count, std::int64_t size) {
    return {std::max<std::int64_t>(0, first), std::min(size, first + count)};
  }
  // `at` is counted from the first window's first cell.
  static constexpr Range windows(std::int64_t at, std::int64_t pool, std::int64_t stride,
                                 std::int64_t count) {
    const std::int64_t first = at < pool ? 0 : (at - pool) / stride + 1, last = at / stride + 1;
    return {first, std::min(last, count)};
  }
};

template <class T>
using MaxPool2dFn = void (*)(const T* x, T* y, void* winners, const Pool2dShape& s);
template <class T>
using MaxPool2dGradientFn = void (*)(const void* winners, const T* dy, T* dx, const Pool2dShape& s);
template <class T>
using AveragePool2dFn = void (*)(const T* x, T* y, const Pool2dShape& s);
template <class T>
using AveragePool2dGradientFn = void (*)(const T* dy, T* dx, const Pool2dShape& s);

/// One FLOP a cell of a window.
template <class T>
constexpr Cost average_pool2d_cost(const Pool2dShape& s) {
  const auto in = static_cast<double>(s.in_size()), out = static_cast<double>(s.out_size());
  return {.flops = out * static_cast<double>(s.pool_h * s.pool_w), .bytes = sizeof(T) * (in + out)};
}
template <class T>
constexpr Cost max_pool2d_cost(const Pool2dShape& s) {
  const Cost plain = average_pool2d_cost<T>(s);
  const auto winners = static_cast<double>(s.winner_bytes * s.out_size());
  return {.flops = plain.flops, .bytes = plain.bytes + winners};
}

namespace cpu {
template <class T>
void max_pool2d_reference(const T* x, T* y, void* winners, const Pool2dShape& s);
template <class T>
void max_pool2d_gradient_reference(const void* winners, const T* dy, T* dx, const Pool2dShape& s);
template <class T>
void average_pool2d_reference(const T* x, T* y, const Pool2dShape& s);
template <class T>
void average_pool2d_gradient_reference(const T* dy, T* dx, const Pool2dShape& s);
void max_pool2d_simd(const float* x, float* y, void* winners, const Pool2dShape& s);
void max_pool2d_gradient_simd(const void* winners, const float* dy, float* dx,
                              const Pool2dShape& s);
void average_pool2d_simd(const float* x, float* y, const Pool2dShape& s);
void average_pool2d_gradient_simd(const float* dy, float* dx, const Pool2dShape& s);
}  // namespace cpu

template <class T>
inline constexpr auto max_pool2d_ladder =
    Ladder{"pool2d", "max_pool2d", max_pool2d_cost<T>,
           std::array{Rung<MaxPool2dFn<T>>{"reference", "", always, cpu::max_pool2d_reference<T>}}};
template <>
inline constexpr auto max_pool2d_ladder<float> = Ladder{
    "pool2d", "max_pool2d", max_pool2d_cost<float>,
    std::array{Rung<MaxPool2dFn<float>>{"reference", "", always, cpu::max_pool2d_reference<float>},
               Rung<MaxPool2dFn<float>>{"simd", "a vector of channels at a time; threads", always,
                                        cpu::max_pool2d_simd}}};
template <class T>
inline constexpr auto max_pool2d_gradient_ladder =
    Ladder{"pool2d", "max_pool2d_gradient", max_pool2d_cost<T>,
           std::array{Rung<MaxPool2dGradientFn<T>>{"reference", "", always,
                                                   cpu::max_pool2d_gradient_reference<T>}}};
template <>
inline constexpr auto max_pool2d_gradient_ladder<float> =
    Ladder{"pool2d", "max_pool2d_gradient", max_pool2d_cost<float>,
           std::array{Rung<MaxPool2dGradientFn<float>>{"reference", "", always,
                                                       cpu::max_pool2d_gradient_reference<float>},
                      Rung<MaxPool2dGradientFn<float>>{
                          "simd", "a vector of channels at a time, no branch on which cell wins",
                          always, cpu::max_pool2d_gradient_simd}}};
template <class T>
inline constexpr auto average_pool2d_ladder =
    Ladder{"pool2d", "average_pool2d", average_pool2d_cost<T>,
           std::array{Rung<AveragePool2dFn<T>>{"reference", "", always,
                                               cpu::average_pool2d_reference<T>}}};
template <>
inline constexpr auto average_pool2d_ladder<float> = Ladder{
    "pool2d", "average_pool2d", average_pool2d_cost<float>,
    std::array{
        Rung<AveragePool2dFn<float>>{"reference", "", always, cpu::average_pool2d_reference<float>},
        Rung<AveragePool2dFn<float>>{"simd", "a vector of channels at a time; threads", always,
                                     cpu::average_pool2d_simd}}};
template <class T>
inline constexpr auto average_pool2d_gradient_ladder =
    Ladder{"pool2d", "average_pool2d_gradient", average_pool2d_cost<T>,
           std::array{Rung<AveragePool2dGradientFn<T>>{"reference", "", always,
                                                       cpu::average_pool2d_gradient_reference<T>}}};
template <>
inline constexpr auto average_pool2d_gradient_ladder<float> =
    Ladder{"pool2d", "average_pool2d_gradient", average_pool2d_cost<float>,
           std::array{Rung<AveragePool2dGradientFn<float>>{
                          "reference", "", always, cpu::average_pool2d_gradient_reference<float>},
                      Rung<AveragePool2dGradientFn<float>>{
                          "simd", "gathered: each cell written once, by any thread", always,
                          cpu::average_pool2d_gradient_simd}}};

namespace cuda {
template <class T>
void max_pool2d_naive(const T* x, T* y, void* winners, const Pool2dShape& s, const Stream& stream);
template <class T>
void max_pool2d_gradient_naive(const void* winners, const T* dy, T* dx, const Pool2dShape& s,
                               const Stream& stream);
template <class T>
void average_pool2d_naive(const T* x, T* y, const Pool2dShape& s, const Stream& stream);
template <class T>
void average_pool2d_gradient_naive(const T* dy, T* dx, const Pool2dShape& s, const Stream& stream);

template <class T>
void max_pool2d_channels(const T* x, T* y, void* winners, const Pool2dShape& s,
                         const Stream& stream);
template <class T>
void max_pool2d_gradient_channels(const void* winners, const T* dy, T* dx, const Pool2dShape& s,
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
inline constexpr CudaLadder<MaxPool2dFn<T>, 2> max_pool2d_ladder{
    {{{"naive", "", always, max_pool2d_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, max_pool2d_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<MaxPool2dGradientFn<T>, 2> max_pool2d_gradient_ladder{
    {{{"naive", "", always, max_pool2d_gradient_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, max_pool2d_gradient_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<AveragePool2dFn<T>, 2> average_pool2d_ladder{
    {{{"naive", "", always, average_pool2d_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies, average_pool2d_channels<T>}}}};
template <class T>
inline constexpr CudaLadder<AveragePool2dGradientFn<T>, 2> average_pool2d_gradient_ladder{
    {{{"naive", "", always, average_pool2d_gradient_naive<T>},
      {"channels", kPool2dChannels, pool2d_channels_applies,
       average_pool2d_gradient_channels<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
