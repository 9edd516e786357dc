#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "autograd/variable.h"
#include "kernels/epilogue.h"

namespace keratin {

/// Pairs are {height, width}.
struct Conv2dOptions {
  std::array<std::int64_t, 2> strides = {1, 1};
  std::string padding = "valid";  // or "same": as many pixels as the input has, divided by strides
  std::array<std::int64_t, 2> dilation_rate = {1, 1};
  std::int64_t groups = 1;  // channels are cut into so many, each with kernels of its own
  kernels::Activation activation = kernels::Activation::linear;
};

/// Slides a kernel over images: a Conv2D layer in one pass over its output.
///   y[n, i, j, o] = activation(bias[o] + sum over p, q, c of x[n, i s + p d - before, j s + q d -
///   before, c] kernel[p, q, c, o]),  s the stride, d the dilation; x is 0 outside the image
/// x: [batch, height, width, in]; kernel: [kh, kw, in / groups, out]; bias: [out], or not defined()
/// for none. f32, f64 or bf16. Result: [batch, height', width', out], same dtype; a Variable for
/// Variables. With e = (k - 1) d + 1, "valid" gives floor((n - e) / s) + 1 pixels, "same"
/// ceil(n / s), with TensorFlow's padding: where it is odd, the extra cell is at the end.
/// The gradients can be differentiated again.
/// Throws ShapeError; DTypeError; ValueError for options that are none, and for strides together
/// with a dilation.
///
///     const Variable maps = conv2d(images, kernel, bias, {.strides = {2, 2}, .padding = "same"});
[[nodiscard]] Tensor conv2d(const Tensor& x, const Tensor& kernel, const Tensor& bias = {},
                            Conv2dOptions options = {});
[[nodiscard]] Variable conv2d(const Variable& x, const Variable& kernel, const Variable& bias = {},
                              Conv2dOptions options = {});

}  // namespace keratin
