// The three passes of a convolution, each as the matrix product that it is, with operands that are
// gathered from where they lie. For every pass: sizes m, n, k of one group's product; row(i), what
// all elements of a row of A have in common; a(row, k), b(k, j), both 0 where nothing is; and
// store(i, j, sum).
#pragma once

#include "kernels/conv2d/conv2d.h"
#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {

/// A pixel of a batch of images.
struct Pixel {
  std::int64_t image, i, j;
  bool inside;
};
__device__ __forceinline__ Pixel pixel_at(std::int64_t at, std::int64_t batch, std::int64_t height,
                                          std::int64_t width) {
  const std::int64_t row = at / width;
  return {row / height, row % height, at % width, at < batch * height * width};
}

/// Row p, column q and channel c of a filter, which lie as [kernel_h, kernel_w, channels].
struct Tap {
  std::int64_t p, q, c;
};
__device__ __forceinline__ Tap tap_at(std::int64_t k, std::int64_t kernel_w,
                                      std::int64_t channels) {
  const std::int64_t place = k / channels;
  return {place / kernel_w, place % kernel_w, k % channels};
}

/// x at a tap of an output's window.
__device__ __forceinline__ float window_at(const float* x, const Conv2dShape& s, const Pixel& out,
                                           const Tap& tap, std::int64_t group) {
  const std::int64_t i = out.i * s.stride_h + tap.p * s.dilation_h - s.pad_top;
  const std::int64_t j = out.j * s.stride_w + tap.q * s.dilation_w - s.pad_left;
  if (i < 0 || i >= s.in_h || j < 0 || j >= s.in_w) return 0;
  return x[((out.image * s.in_h + i) * s.in_w + j) * s.in_c + group * s.group_in() + tap.c];
}

/// y [pixels, out_c] = windows of x [pixels, taps] w [taps, out_c]
struct Forward {
  const float *x, *w;
  float* y;
  const float* bias;  // or nullptr
  bool relu;
  Conv2dShape s;

  __host__ __device__ std::int64_t m() const { return s.batch * s.out_h * s.out_w; }
  __host__ __device__ std::int64_t n() const { return s.group_out(); }
  __host__ __device__ std::int64_t k() const { return s.depth(); }
  __device__ __forceinline__ Pixel row(std::int64_t i) const {
    return pixel_at(i, s.batch, s.out_h, s.out_w);
  }
  __device__ __forceinline__ float a(const Pixel& out, std::int64_t at, std::int64_t group) const {
    if (!out.inside || at >= k()) return 0;
    return window_at(x, s, out, tap_at(at, s.kernel_w, s.group_in()), group);
  }
  __device__ __forceinline__ float b(std::int64_t at, std::int64_t j, std::int64_t group) const {
    if (at >= k() || j >= n()) return 0;
    return w[at * s.out_c + group * n() + j];
  }
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, float sum,
                                        std::int64_t group, std::int64_t) const {
    if (i >= m() || j >= n()) return;
    const std::int64_t channel = group * n() + j;
    if (bias != nullptr) sum += bias[channel];
    y[i * s.out_c + channel] = relu && sum < 0 ? 0 : sum;  // NaN stays
  }
};

/// dx [pixels, in_c] = outputs that read the pixel [pixels, kernel_h kernel_w out_c] w, turned
struct InputGradient {
  const float *dy, *w;
  float* dx;
  Conv2dShape s;

  __host__ __device__ std::int64_t m() const { return s.batch * s.in_h * s.in_w; }
  __host__ __device__ std::int64_t n() const { return s.group_in(); }
  __host__ __device__ std::int64_t k() const { return s.kernel_h * s.kernel_w * s.group_out(); }
  __device__ __forceinline__ Pixel row(std::int64_t i) const {
    return pixel_at(i, s.batch, s.in_h, s.in_w);
  }
  __device__ __forceinline__ float a(const Pixel& in, std::int64_t at, std::int64_t group) const {
    if (!in.inside || at >= k()) return 0;
    const Tap tap = tap_at(at, s.kernel_w, s.group_out());
    const std::int64_t i = in.i + s.pad_top - tap.p * s.dilation_h;
    const std::int64_t j = in.j + s.pad_left - tap.q * s.dilation_w;
    if (i < 0 || j < 0 || i % s.stride_h != 0 || j % s.stride_w != 0) return 0;
    const std::int64_t out_i = i / s.stride_h, out_j = j / s.stride_w;
    if (out_i >= s.out_h || out_j >= s.out_w) return 0;
    return dy[((in.image * s.out_h + out_i) * s.out_w + out_j) * s.out_c + group * s.group_out() +
              tap.c];
  }
  __device__ __forceinline__ float b(std::int64_t at, std::int64_t j, std::int64_t group) const {
    if (at >= k() || j >= n()) return 0;
    const std::int64_t place = at / s.group_out(), channel = at % s.group_out();
    return w[(place * n() + j) * s.out_c + group * s.group_out() + channel];
  }
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, float sum,
                                        std::int64_t group, std::int64_t) const {
    if (i < m() && j < n()) dx[i * s.in_c + group * n() + j] = sum;
  }
};

/// dw [taps, out_c] = windows of x, turned [taps, pixels] dy [pixels, out_c]; a piece of the pixels
/// at a time: dw is [pieces, taps, out_c].
struct WeightGradient {
  const float *x, *dy;
  float* dw;
  Conv2dShape s;

  __host__ __device__ std::int64_t m() const { return s.depth(); }
  __host__ __device__ std::int64_t n() const { return s.group_out(); }
  __host__ __device__ std::int64_t k() const { return s.batch * s.out_h * s.out_w; }
  __device__ __forceinline__ Tap row(std::int64_t i) const {
    return i < m() ? tap_at(i, s.kernel_w, s.group_in()) : Tap{-1, 0, 0};
  }
  __device__ __forceinline__ float a(const Tap& tap, std::int64_t at, std::int64_t group) const {
    const Pixel out = pixel_at(at, s.batch, s.out_h, s.out_w);
    return tap.p < 0 || !out.inside ? 0 : window_at(x, s, out, tap, group);
  }
  __device__ __forceinline__ float b(std::int64_t at, std::int64_t j, std::int64_t group) const {
    if (at >= k() || j >= n()) return 0;
    return dy[at * s.out_c + group * n() + j];
  }
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, float sum,
                                        std::int64_t group, std::int64_t piece) const {
    if (i < m() && j < n()) dw[(piece * m() + i) * s.out_c + group * n() + j] = sum;
  }
};

inline Forward forward_pass(const float* x, const float* w, float* y, const Epilogue<float>& e,
                            const Conv2dShape& s) {
  return {x, w, y, e.bias, e.activation == Activation::relu, s};
}

}  // namespace keratin::kernels::cuda
