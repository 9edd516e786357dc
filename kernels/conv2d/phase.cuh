// Convolution along one axis as a walk of a target's pixels over a source; the CPU's walk.h has the
// same for both axes. The forward pass is one such walk. The input gradient is `stride` of them:
// the pixels with the same remainder meet the same taps, and no others are looked at.
#pragma once

#include <numeric>

#include "kernels/conv2d/conv2d.h"
#include "kernels/cuda/narrow.cuh"

namespace keratin::kernels::cuda {

/// Rows or columns of a convolution; taps lie along the kernel.
struct Axis {
  std::int32_t in, out, taps, stride, dilation, pad;
};
inline Axis row_axis(const Conv2dShape& s) {
  return {narrow(s.in_h),     narrow(s.out_h),      narrow(s.kernel_h),
          narrow(s.stride_h), narrow(s.dilation_h), narrow(s.pad_top)};
}
inline Axis column_axis(const Conv2dShape& s) {
  return {narrow(s.in_w),     narrow(s.out_w),      narrow(s.kernel_w),
          narrow(s.stride_w), narrow(s.dilation_w), narrow(s.pad_left)};
}

/// Target pixels first + step u, u < count. Of each, tap m < taps is the kernel's first_tap +
/// tap_step m, and reads the source at stride u + dilation m - pad.
struct Phase {
  std::int32_t first, step, count;
  std::int32_t taps, first_tap, tap_step;
  std::int32_t stride, dilation, pad;
};

__device__ __forceinline__ Phase output_phase(const Axis& a) {
  return {0, 1, a.out, a.taps, 0, 1, a.stride, a.dilation, a.pad};
}

/// The input pixels r, r + stride, ...: those taps p of theirs for which r + pad - p dilation is a
/// whole number of strides, the last first, so that the source is read upwards.
__device__ __forceinline__ Phase input_phase(const Axis& a, std::int32_t r) {
  const std::int32_t common = std::gcd(a.stride, a.dilation);
  const std::int32_t again = a.stride / common, dilation = a.dilation / common;
  std::int32_t tap = 0;
  while (tap < again && tap < a.taps && (r + a.pad - tap * a.dilation) % a.stride != 0) ++tap;
  const std::int32_t taps = tap < again && tap < a.taps ? (a.taps - tap + again - 1) / again : 0;
  const std::int32_t before = (taps - 1) * dilation;
  return {r,
          a.stride,
          r < a.in ? (a.in - r + a.stride - 1) / a.stride : 0,
          taps,
          tap + again * (taps - 1),
          -again,
          1,
          dilation,
          before - (r + a.pad - tap * a.dilation) / a.stride};
}

/// The most pixels that a phase of the input has.
inline std::int32_t longest_phase(const Axis& a) { return (a.in + a.stride - 1) / a.stride; }

/// Of rows times of columns.
inline std::int64_t phases_of(const Conv2dShape& s) { return s.stride_h * s.stride_w; }

}  // namespace keratin::kernels::cuda
