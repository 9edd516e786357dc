// Resizing of images: each output pixel is a weighted sum of input pixels near its own centre,
// every channel by itself.
//
//   y[n, i, j, c] = sum over r, q of  rows(i, r) columns(j, q) x[n, top + r, left + q, c]
//   its gradient    dx[n, top + r, left + q, c] = sum over i, j of  rows(i, r) columns(j, q)
//                                                                  dy[n, i, j, c],  0 elsewhere
//
// The weights along one axis are those of TensorFlow's tf.image.resize; axis.h has the formulas.
// The window [top, top + in_h) x [left, left + in_w) is all that is read; it must lie in the image.
//
// x, dx: [batch, image_h, image_w, channels]; y, dy: [batch, out_h, out_w, channels]; contiguous
// and distinct. Every element of the result is written. batch may be 0, all other sizes are 1 or
// more.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

enum class Interpolation : std::uint8_t { nearest, bilinear, bicubic, lanczos3, lanczos5 };

struct ResizeShape {
  std::int64_t batch = 0, image_h = 0, image_w = 0, channels = 0;
  std::int64_t top = 0, left = 0, in_h = 0, in_w = 0;  // the window
  std::int64_t out_h = 0, out_w = 0;
  Interpolation interpolation = Interpolation::bilinear;
  bool antialias = false;  // shrinking widens the weights by the scale; not those of nearest

  constexpr std::int64_t image_size() const { return batch * image_h * image_w * channels; }
  constexpr std::int64_t out_size() const { return batch * out_h * out_w * channels; }

  /// "[8, 500, 375, 3] -> [8, 200, 200, 3] bilinear", then antialias and a window that is not all.
  std::string text() const;
};

/// A resize of whole images.
constexpr ResizeShape resize_shape(std::int64_t batch, std::int64_t height, std::int64_t width,
                                   std::int64_t channels, std::int64_t out_h, std::int64_t out_w,
                                   Interpolation interpolation = Interpolation::bilinear,
                                   bool antialias = false) {
  return {batch, height, width, channels,      0,        0, height,
          width, out_h,  out_w, interpolation, antialias};
}

/// double for double, else float.
template <class T>
using Resized = std::conditional_t<std::is_same_v<T, double>, double, float>;
template <class T>
using ResizeFn = void (*)(const T* x, Resized<T>* y, const ResizeShape& s);
template <class T>
using ResizeGradientFn = void (*)(const T* dy, T* dx, const ResizeShape& s);

/// A multiply-add a weight, one axis after the other, the cheaper order; of the input only the rows
/// and columns that have a weight.
Cost resize_cost(const ResizeShape& s, std::int64_t in_bytes, std::int64_t out_bytes);
template <class T>
Cost resize_cost_of(const ResizeShape& s) {
  return resize_cost(s, sizeof(T), sizeof(Resized<T>));
}
template <class T>
Cost resize_gradient_cost(const ResizeShape& s) {
  Cost cost = resize_cost(s, 0, sizeof(T));
  cost.bytes += static_cast<double>(sizeof(T)) * static_cast<double>(s.image_size());
  return cost;
}

namespace cpu {
template <class T>
void resize_reference(const T* x, Resized<T>* y, const ResizeShape& s);
template <class T>
void resize_gradient_reference(const T* dy, T* dx, const ResizeShape& s);
void resize_simd(const float* x, float* y, const ResizeShape& s);
void resize_simd(const std::uint8_t* x, float* y, const ResizeShape& s);
void resize_gradient_simd(const float* dy, float* dx, const ResizeShape& s);
bool resize_simd_applies(const ResizeShape& s);  // 32-bit indices within a row
}  // namespace cpu

/// T: float, std::uint8_t, double.
template <class T>
inline constexpr auto resize_ladder = Ladder{
    "resize", "resize", resize_cost_of<T>,
    std::array{Rung<ResizeFn<T>>{"reference", "", always, cpu::resize_reference<T>},
               Rung<ResizeFn<T>>{"simd", "one axis after the other, whole rows at a time; threads",
                                 cpu::resize_simd_applies, cpu::resize_simd,
                                 "rows of fewer than 2^31 elements"}}};
template <>
inline constexpr auto resize_ladder<double> = Ladder{
    "resize", "resize", resize_cost_of<double>,
    std::array{Rung<ResizeFn<double>>{"reference", "", always, cpu::resize_reference<double>}}};
template <>
inline constexpr auto resize_ladder<std::uint8_t> = Ladder{
    "resize", "resize_bytes", resize_cost_of<std::uint8_t>,
    std::array{
        Rung<ResizeFn<std::uint8_t>>{"reference", "", always, cpu::resize_reference<std::uint8_t>},
        Rung<ResizeFn<std::uint8_t>>{"simd", "bytes widened in registers, never in memory",
                                     cpu::resize_simd_applies, cpu::resize_simd,
                                     "rows of fewer than 2^31 elements"}}};
template <class T>
inline constexpr auto resize_gradient_ladder =
    Ladder{"resize", "resize_gradient", resize_gradient_cost<T>,
           std::array{Rung<ResizeGradientFn<T>>{"reference", "", always,
                                                cpu::resize_gradient_reference<T>}}};
template <>
inline constexpr auto resize_gradient_ladder<float> =
    Ladder{"resize", "resize_gradient", resize_gradient_cost<float>,
           std::array{Rung<ResizeGradientFn<float>>{"reference", "", always,
                                                    cpu::resize_gradient_reference<float>},
                      Rung<ResizeGradientFn<float>>{
                          "simd", "gathered by the transposed weights: a resize of its own",
                          cpu::resize_simd_applies, cpu::resize_gradient_simd,
                          "rows of fewer than 2^31 elements"}}};

namespace cuda {
template <class T>
void resize_naive(const T* x, Resized<T>* y, const ResizeShape& s, const Stream& stream);
template <class T>
void resize_gradient_naive(const T* dy, T* dx, const ResizeShape& s, const Stream& stream);

template <class T>
void resize_pixels(const T* x, Resized<T>* y, const ResizeShape& s, const Stream& stream);
template <class T>
void resize_gradient_pixels(const T* dy, T* dx, const ResizeShape& s, const Stream& stream);
/// Images that can be counted in 32 bits.
bool resize_pixels_applies(const ResizeShape& s);

template <class T>
inline constexpr CudaLadder<ResizeFn<T>, 2> resize_ladder{
    {{{"naive", "", always, resize_naive<T>},
      {"pixels",
       "up to four channels a thread share weights and divisions, which are multiplications",
       resize_pixels_applies, resize_pixels<T>}}}};
template <class T>
inline constexpr CudaLadder<ResizeGradientFn<T>, 2> resize_gradient_ladder{
    {{{"naive", "", always, resize_gradient_naive<T>},
      {"pixels",
       "up to four channels a thread share weights and divisions, which are multiplications",
       resize_pixels_applies, resize_gradient_pixels<T>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
