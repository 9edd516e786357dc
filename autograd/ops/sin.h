#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The sine of an angle in radians.   y = sin x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor sin(const Tensor& x);
[[nodiscard]] Variable sin(const Variable& x);

}  // namespace keratin
