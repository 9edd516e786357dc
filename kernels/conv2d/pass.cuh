// The three passes of a convolution, each as the matrix product that it is, with operands that are
// gathered from where they lie. For every pass: sizes m, n, k of one group's product; row(i) and
// depth(k), what all elements of a row or column of A have in common; a(row, depth) and b(k, j), 0
// where nothing is, for k < k(); and store(i, j, sum). T is the scalar, I what indices are computed
// in.
#pragma once

#include "kernels/conv2d/conv2d.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/division.h"

namespace keratin::kernels::cuda {

/// A pixel of a batch of images.
template <class I>
struct Pixel {
  I image, i, j;
  bool inside;
};

/// Row p, column q and channel c of a filter, which lie as [kernel_h, kernel_w, channels].
template <class I>
struct Tap {
  I p, q, c;
};

/// A convolution's sizes, those by which kernels divide as divisors.
template <class I>
struct Sizes {
  I in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, dilation_h, dilation_w, pad_top, pad_left;
  I groups, inputs, outputs;  // pixels of all images
  Divisor<I> by_in_h, by_in_w, by_out_h, by_out_w, by_kernel_w, by_group_in, by_group_out;
  Divisor<I> by_stride_h, by_stride_w;

  explicit Sizes(const Conv2dShape& s)
      : in_h(of(s.in_h)),
        in_w(of(s.in_w)),
        in_c(of(s.in_c)),
        out_h(of(s.out_h)),
        out_w(of(s.out_w)),
        out_c(of(s.out_c)),
        kernel_h(of(s.kernel_h)),
        dilation_h(of(s.dilation_h)),
        dilation_w(of(s.dilation_w)),
        pad_top(of(s.pad_top)),
        pad_left(of(s.pad_left)),
        groups(of(s.groups)),
        inputs(of(s.batch * s.in_h * s.in_w)),
        outputs(of(s.batch * s.out_h * s.out_w)),
        by_in_h(at_least_1(s.in_h)),
        by_in_w(at_least_1(s.in_w)),
        by_out_h(at_least_1(s.out_h)),
        by_out_w(at_least_1(s.out_w)),
        by_kernel_w(at_least_1(s.kernel_w)),
        by_group_in(at_least_1(s.group_in())),
        by_group_out(at_least_1(s.group_out())),
        by_stride_h(s.stride_h),
        by_stride_w(s.stride_w) {}

  __host__ __device__ __forceinline__ I group_in() const { return by_group_in.value(); }
  __host__ __device__ __forceinline__ I group_out() const { return by_group_out.value(); }
  __host__ __device__ __forceinline__ I taps() const { return kernel_h * by_kernel_w.value(); }

  static __device__ __forceinline__ Pixel<I> pixel(I at, I count, const Divisor<I>& height,
                                                   const Divisor<I>& width) {
    const auto [row, j] = width(at);
    const auto [image, i] = height(row);
    return {image, i, j, at < count};
  }
  __device__ __forceinline__ Pixel<I> input(I at) const {
    return pixel(at, inputs, by_in_h, by_in_w);
  }
  __device__ __forceinline__ Pixel<I> output(I at) const {
    return pixel(at, outputs, by_out_h, by_out_w);
  }
  __device__ __forceinline__ Tap<I> tap(I k, const Divisor<I>& channels) const {
    const auto [place, c] = channels(k);
    const auto [p, q] = by_kernel_w(place);
    return {p, q, c};
  }

  /// x at a tap of an output's window.
  template <class T>
  __device__ __forceinline__ T window(const T* x, const Pixel<I>& out, const Tap<I>& tap,
                                      I group) const {
    const I i = out.i * by_stride_h.value() + tap.p * dilation_h - pad_top;
    const I j = out.j * by_stride_w.value() + tap.q * dilation_w - pad_left;
    if (i < 0 || i >= in_h || j < 0 || j >= in_w) return 0;
    return x[((out.image * in_h + i) * in_w + j) * in_c + group * group_in() + tap.c];
  }

 private:
  static I of(std::int64_t size) { return static_cast<I>(size); }
  static std::int64_t at_least_1(std::int64_t size) { return size < 1 ? 1 : size; }
};

/// y [pixels, out_c] = windows of x [pixels, taps] w [taps, out_c]
template <class T, class I>
struct Forward {
  using Scalar = T;
  using Index = I;
  const T *x, *w;
  T* y;
  const T* bias;  // or nullptr
  bool relu;
  Sizes<I> s;

  __host__ __device__ I m() const { return s.outputs; }
  __host__ __device__ I n() const { return s.group_out(); }
  __host__ __device__ I k() const { return s.taps() * s.group_in(); }
  __device__ __forceinline__ Pixel<I> row(I i) const { return s.output(i); }
  __device__ __forceinline__ Tap<I> depth(I at) const { return s.tap(at, s.by_group_in); }
  __device__ __forceinline__ T a(const Pixel<I>& out, const Tap<I>& tap, I group) const {
    return out.inside ? s.window(x, out, tap, group) : 0;
  }
  __device__ __forceinline__ T b(I at, I j, I group) const {
    if (j >= n()) return 0;
    return w[at * s.out_c + group * n() + j];
  }
  __device__ __forceinline__ void store(I i, I j, T sum, I group, std::int64_t) const {
    if (i >= m() || j >= n()) return;
    const I channel = group * n() + j;
    if (bias != nullptr) sum += bias[channel];
    y[i * s.out_c + channel] = relu && sum < 0 ? 0 : sum;  // NaN stays
  }
};

/// dx [pixels, in_c] = outputs that read the pixel [pixels, kernel_h kernel_w out_c] w, turned
template <class T, class I>
struct InputGradient {
  using Scalar = T;
  using Index = I;
  const T *dy, *w;
  T* dx;
  Sizes<I> s;

  __host__ __device__ I m() const { return s.inputs; }
  __host__ __device__ I n() const { return s.group_in(); }
  __host__ __device__ I k() const { return s.taps() * s.group_out(); }
  __device__ __forceinline__ Pixel<I> row(I i) const { return s.input(i); }
  __device__ __forceinline__ Tap<I> depth(I at) const { return s.tap(at, s.by_group_out); }
  __device__ __forceinline__ T a(const Pixel<I>& in, const Tap<I>& tap, I group) const {
    if (!in.inside) return 0;
    const I i = in.i + s.pad_top - tap.p * s.dilation_h;
    const I j = in.j + s.pad_left - tap.q * s.dilation_w;
    if (i < 0 || j < 0) return 0;
    const auto row = s.by_stride_h(i), column = s.by_stride_w(j);
    if (row.remainder != 0 || column.remainder != 0) return 0;
    if (row.quotient >= s.out_h || column.quotient >= s.out_w) return 0;
    return dy[((in.image * s.out_h + row.quotient) * s.out_w + column.quotient) * s.out_c +
              group * s.group_out() + tap.c];
  }
  __device__ __forceinline__ T b(I at, I j, I group) const {
    if (j >= n()) return 0;
    const auto [place, channel] = s.by_group_out(at);
    return w[(place * n() + j) * s.out_c + group * s.group_out() + channel];
  }
  __device__ __forceinline__ void store(I i, I j, T sum, I group, std::int64_t) const {
    if (i < m() && j < n()) dx[i * s.in_c + group * n() + j] = sum;
  }
};

/// dw [taps, out_c] = windows of x, turned [taps, pixels] dy [pixels, out_c]; a piece of the pixels
/// at a time: dw is [pieces, taps, out_c].
template <class T, class I>
struct WeightGradient {
  using Scalar = T;
  using Index = I;
  const T *x, *dy;
  T* dw;
  Sizes<I> s;

  __host__ __device__ I m() const { return s.taps() * s.group_in(); }
  __host__ __device__ I n() const { return s.group_out(); }
  __host__ __device__ I k() const { return s.outputs; }
  __device__ __forceinline__ Tap<I> row(I i) const {
    return i < m() ? s.tap(i, s.by_group_in) : Tap<I>{-1, 0, 0};
  }
  __device__ __forceinline__ Pixel<I> depth(I at) const { return s.output(at); }
  __device__ __forceinline__ T a(const Tap<I>& tap, const Pixel<I>& out, I group) const {
    return tap.p < 0 ? 0 : s.window(x, out, tap, group);
  }
  __device__ __forceinline__ T b(I at, I j, I group) const {
    if (j >= n()) return 0;
    return dy[at * s.out_c + group * n() + j];
  }
  __device__ __forceinline__ void store(I i, I j, T sum, I group, std::int64_t piece) const {
    if (i < m() && j < n()) dw[(piece * m() + i) * s.out_c + group * n() + j] = sum;
  }
};

template <class I, class T>
Forward<T, I> forward_pass(const T* x, const T* w, T* y, const Epilogue<T>& e,
                           const Conv2dShape& s) {
  return {x, w, y, e.bias, e.activation == Activation::relu, Sizes<I>(s)};
}
template <class I, class T>
InputGradient<T, I> input_gradient_pass(const T* dy, const T* w, T* dx, const Conv2dShape& s) {
  return {dy, w, dx, Sizes<I>(s)};
}
template <class I, class T>
WeightGradient<T, I> weight_gradient_pass(const T* x, const T* dy, T* dw, const Conv2dShape& s) {
  return {x, dy, dw, Sizes<I>(s)};
}

}  // namespace keratin::kernels::cuda
