#pragma once

#include "autograd/variable.h"
#include "tensor/reduce_options.h"

namespace keratin {

/// The average.   y = sum of x / count
/// x: any shape; f32, f64. Along options.axis: one or several axes, all unless given; with keepdims
/// they stay, with size 1. The mean of nothing is NaN. Throws ShapeError (axis out of range),
/// DTypeError.
[[nodiscard]] Tensor mean(const Tensor& x, ReduceOptions options = {});
[[nodiscard]] Variable mean(const Variable& x, ReduceOptions options = {});

}  // namespace keratin
