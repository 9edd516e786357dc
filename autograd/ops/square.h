#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Squares.   y = x^2
/// x: any shape; f32, f64 and integers. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor square(const Tensor& x);
[[nodiscard]] Variable square(const Variable& x);

}  // namespace keratin
