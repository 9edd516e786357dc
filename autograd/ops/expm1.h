#pragma once

#include "autograd/variable.h"

namespace keratin {

/// e^x - 1 without cancellation near 0.   y = e^x - 1
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor expm1(const Tensor& x);
[[nodiscard]] Variable expm1(const Variable& x);

}  // namespace keratin
