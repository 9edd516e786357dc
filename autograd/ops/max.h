#pragma once

#include "autograd/variable.h"
#include "tensor/reduce_options.h"

namespace keratin {

/// The largest; NaN if one is. Equal ones share the gradient.   y = max of x
/// x: any shape; f32, f64 and integers. Along options.axis: one or several axes, all unless given;
/// with keepdims they stay, with size 1. Nothing to take it of is a ShapeError. Throws ShapeError
/// (axis out of range), DTypeError.
[[nodiscard]] Tensor max(const Tensor& x, ReduceOptions options = {});
[[nodiscard]] Variable max(const Variable& x, ReduceOptions options = {});

}  // namespace keratin
