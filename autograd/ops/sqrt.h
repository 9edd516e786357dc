#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The square root; NaN for negative x.   y = sqrt(x)
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor sqrt(const Tensor& x);
[[nodiscard]] Variable sqrt(const Variable& x);

}  // namespace keratin
