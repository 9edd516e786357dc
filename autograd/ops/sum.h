#pragma once

#include "autograd/variable.h"
#include "tensor/reduce_options.h"

namespace keratin {

/// Adds up.   y = sum of x
/// x: any shape; f32, f64, integers and bool. Along options.axis: one or several axes, all unless
/// given; with keepdims they stay, with size 1. An empty sum is 0. Result: x's dtype, but int64 for
/// uint8 and bool, which could not hold it. Throws ShapeError (axis out of range), DTypeError.
[[nodiscard]] Tensor sum(const Tensor& x, ReduceOptions options = {});
[[nodiscard]] Variable sum(const Variable& x, ReduceOptions options = {});

}  // namespace keratin
