#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Cuts off what is negative. The gradient at 0 is 0.   y = max(x, 0)
/// x: any shape; f32, f64 and integers. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor relu(const Tensor& x);
[[nodiscard]] Variable relu(const Variable& x);

}  // namespace keratin
