#pragma once

#include "autograd/variable.h"

namespace keratin {

/// One over the square root.   y = 1 / sqrt(x)
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor rsqrt(const Tensor& x);
[[nodiscard]] Variable rsqrt(const Variable& x);

}  // namespace keratin
