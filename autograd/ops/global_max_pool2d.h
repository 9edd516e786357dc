#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The largest of each channel over all pixels; equal ones share the gradient.
/// x: [batch, height, width, channels] with at least one pixel, f32 or f64. Result: [batch,
/// channels], or [batch, 1, 1, channels] with keepdims; same dtype; a Variable for Variables. The
/// gradient can be differentiated again. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor global_max_pool2d(const Tensor& x, bool keepdims = false);
[[nodiscard]] Variable global_max_pool2d(const Variable& x, bool keepdims = false);

}  // namespace keratin
