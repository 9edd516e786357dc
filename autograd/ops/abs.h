#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The magnitude. The gradient at 0 is 0.   y = |x|
/// x: any shape; f32, f64 and integers. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor abs(const Tensor& x);
[[nodiscard]] Variable abs(const Variable& x);

}  // namespace keratin
