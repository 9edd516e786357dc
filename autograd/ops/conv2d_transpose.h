#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "autograd/variable.h"

namespace keratin {

/// Pairs are {height, width}.
struct Conv2dTransposeOptions {
  std::array<std::int64_t, 2> strides = {1, 1};
  std::string padding = "valid";  // or "same": as many pixels as the input has, times strides
  std::optional<std::array<std::int64_t, 2>> output_padding = {};  // below strides
  std::array<std::int64_t, 2> dilation_rate = {1, 1};
};

/// The transpose of conv2d: each pixel lays down a kernel, strides apart. What conv2d's gradient is
/// to its input.
///   y[n, u, v, o] = bias[o] + sum over i, j, p, q, c with u = i s + p d - before,
///   v = j s + q d - before of x[n, i, j, c] kernel[p, q, o, c],  s the stride, d the dilation
/// x: [batch, height, width, in]; kernel: [kh, kw, out, in]; bias: [out], or not defined() for none.
/// f32 or f64. Result: [batch, height', width', out], same dtype; a Variable for Variables. With
/// e = (k - 1) d + 1 and o the output_padding:
///   "valid"  (n - 1) s + max(e, s) pixels; (n - 1) s + e + o with an output_padding
///   "same"   n s pixels; (n - 1) s + e mod 2 + o with an output_padding
/// The gradients can be differentiated again. Throws ShapeError; DTypeError; ValueError for options
/// that are none, and for strides together with a dilation.
///
///     const Variable larger = conv2d_transpose(maps, kernel, bias, {.strides = {2, 2}});
[[nodiscard]] Tensor conv2d_transpose(const Tensor& x, const Tensor& kernel,
                                      const Tensor& bias = {}, Conv2dTransposeOptions options = {});
[[nodiscard]] Variable conv2d_transpose(const Variable& x, const Variable& kernel,
                                        const Variable& bias = {},
                                        Conv2dTransposeOptions options = {});

}  // namespace keratin
