#pragma once

#include <string>

#include "autograd/variable.h"

namespace keratin {

/// What a place outside of the image shows: "reflect" (d c b a | a b c d | d c b a), "wrap"
/// (a b c d | a b c d | a b c d), "nearest" (a a a a | a b c d | d d d d) or "constant",
/// fill_value.
struct AffineTransformOptions {
  std::string interpolation = "bilinear";  // or "nearest"
  std::string fill_mode = "constant";
  double fill_value = 0;
};

/// Images with their pixels moved: eight numbers a0 a1 a2 b0 b1 b2 c0 c1 say where column q and row
/// r of the result come from: column (a0 q + a1 r + a2) / k and row (b0 q + b1 r + b2) / k of the
/// input, k = c0 q + c1 r + 1.
/// x: [height, width, channels] with transform f32[8], or [batch, height, width, channels] with
/// f32[8] for all or f32[batch, 8]; f32 or f64. Result: x's shape and dtype. The gradient goes to x
/// only, and cannot be differentiated again.
/// Throws ShapeError, DTypeError, ValueError (interpolation, fill_mode).
/// Example: affine_transform(x, Tensor::numbers({1, 0, -3, 0, 1, 0, 0, 0})) moves x three columns
/// to the right.
[[nodiscard]] Tensor affine_transform(const Tensor& x, const Tensor& transform,
                                      const AffineTransformOptions& options = {});
[[nodiscard]] Variable affine_transform(const Variable& x, const Tensor& transform,
                                        const AffineTransformOptions& options = {});

namespace detail {
/// Throws ValueError naming `op` unless the options' names are known.
void check_affine_transform_options(std::string_view op, const AffineTransformOptions& options);
}  // namespace detail

}  // namespace keratin
