// Projective transforms of images: where each output pixel comes from is said by eight numbers an
// image, every channel alike.
//
// With m = [a0 a1 a2 b0 b1 b2 c0 c1], column q and row r of the output:
//   k = c0 q + c1 r + 1,  u = (a0 q + a1 r + a2) / k,  v = (b0 q + b1 r + b2) / k
//   nearest    y[r, q] = x[round(v), round(u)], halves away from 0
//   bilinear   y[r, q] = the four pixels around (v, u), weighted by nearness
// A place outside [0, size - 1] is first brought inside, along each axis by itself:
//   reflect    (d c b a | a b c d | d c b a)
//   wrap       (a b c d | a b c d | a b c d)
//   nearest    (a a a a | a b c d | d d d d)
//   constant   is not: a pixel outside counts as fill_value there
// and where k is 0 or a place is no number, y is fill_value under constant, and the pixel at 0
// otherwise. Places are computed in float32 with fused multiply-adds, reflect and wrap in the form
// that TensorFlow's ImageProjectiveTransformV3 has (wrap takes size - 1 as its period when it
// counts how far to go, so that places between the last pixel and the first are the last one).
//   its gradient   dx = sum over the output pixels of weight dy; fill_value has none
//
// x, dx: [batch, in_h, in_w, channels]; y, dy: [batch, out_h, out_w, channels]; matrices:
// [batch, 8]; contiguous and distinct. Every element of the result is written. batch may be 0, the
// other sizes are 1 or more.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"
#include "kernels/resize/resize.h"  // Interpolation: nearest and bilinear are taken

namespace keratin::kernels {

enum class FillMode : std::uint8_t { reflect, wrap, nearest, constant };

struct WarpShape {
  std::int64_t batch = 0, in_h = 0, in_w = 0, channels = 0;
  std::int64_t out_h = 0, out_w = 0;
  Interpolation interpolation = Interpolation::bilinear;
  FillMode fill_mode = FillMode::constant;
  double fill_value = 0;

  constexpr std::int64_t in_size() const { return batch * in_h * in_w * channels; }
  constexpr std::int64_t out_size() const { return batch * out_h * out_w * channels; }

  /// "[8, 32, 32, 3] -> [8, 32, 32, 3] bilinear reflect"
  std::string text() const;
};

template <class T>
using WarpFn = void (*)(const T* x, const float* matrices, T* y, const WarpShape& s);
template <class T>
using WarpGradientFn = void (*)(const T* dy, const float* matrices, T* dx, const WarpShape& s);

/// 14 FLOPs a place, and a multiply-add for each of four pixels and channels.
template <class T>
constexpr Cost warp_cost(const WarpShape& s) {
  const double pixels = static_cast<double>(s.batch * s.out_h * s.out_w);
  const double sums =
      s.interpolation == Interpolation::nearest ? 0 : 8.0 * static_cast<double>(s.channels);
  return {
      .flops = pixels * (14 + sums),
      .bytes = sizeof(T) * (static_cast<double>(s.in_size()) + static_cast<double>(s.out_size()))};
}

namespace cpu {
template <class T>
void warp_reference(const T* x, const float* matrices, T* y, const WarpShape& s);
template <class T>
void warp_gradient_reference(const T* dy, const float* matrices, T* dx, const WarpShape& s);
void warp_simd(const float* x, const float* matrices, float* y, const WarpShape& s);
void warp_gradient_threads(const float* dy, const float* matrices, float* dx, const WarpShape& s);
/// 32-bit indices within an image, sizes that a float counts exactly.
constexpr bool warp_simd_applies(const WarpShape& s) {
  constexpr std::int64_t kExact = 1 << 24;
  return s.in_h * s.in_w * s.channels < (std::int64_t{1} << 31) && s.in_h <= kExact &&
         s.in_w <= kExact;
}
}  // namespace cpu

template <class T>
inline constexpr auto warp_ladder =
    Ladder{"warp", "warp", warp_cost<T>,
           std::array{Rung<WarpFn<T>>{"reference", "", always, cpu::warp_reference<T>}}};
template <>
inline constexpr auto warp_ladder<float> =
    Ladder{"warp", "warp", warp_cost<float>,
           std::array{Rung<WarpFn<float>>{"reference", "", always, cpu::warp_reference<float>},
                      Rung<WarpFn<float>>{"simd", "a vector of places at a time; threads",
                                          cpu::warp_simd_applies, cpu::warp_simd,
                                          "images of fewer than 2^31 elements"}}};
template <class T>
inline constexpr auto warp_gradient_ladder = Ladder{
    "warp", "warp_gradient", warp_cost<T>,
    std::array{Rung<WarpGradientFn<T>>{"reference", "", always, cpu::warp_gradient_reference<T>}}};
template <>
inline constexpr auto warp_gradient_ladder<float> =
    Ladder{"warp", "warp_gradient", warp_cost<float>,
           std::array{Rung<WarpGradientFn<float>>{"reference", "", always,
                                                  cpu::warp_gradient_reference<float>},
                      Rung<WarpGradientFn<float>>{"threads", "an image a thread, sums in float",
                                                  always, cpu::warp_gradient_threads, "", false}}};

namespace cuda {
template <class T>
void warp_naive(const T* x, const float* matrices, T* y, const WarpShape& s, const Stream& stream);
template <class T>
void warp_gradient_naive(const T* dy, const float* matrices, T* dx, const WarpShape& s,
                         const Stream& stream);

template <class T>
void warp_pixels(const T* x, const float* matrices, T* y, const WarpShape& s, const Stream& stream);
template <class T>
void warp_gradient_tiles(const T* dy, const float* matrices, T* dx, const WarpShape& s,
                         const Stream& stream);
/// Images that can be counted in 32 bits.
bool warp_pixels_applies(const WarpShape& s);

template <class T>
inline constexpr CudaLadder<WarpFn<T>, 2> warp_ladder{
    {{{"naive", "", always, warp_naive<T>},
      {"pixels", "up to four channels a thread share a place; divisions by multiplication",
       warp_pixels_applies, warp_pixels<T>}}}};
template <class T>
inline constexpr CudaLadder<WarpGradientFn<T>, 2> warp_gradient_ladder{
    {{{"naive", "", always, warp_gradient_naive<T>},
      {"tiles", "a block gathers what touches its 16 x 16 pixels: all of an image at once",
       warp_pixels_applies, warp_gradient_tiles<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
