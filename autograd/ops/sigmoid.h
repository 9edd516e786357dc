#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The logistic function.   y = 1 / (1 + e^-x)
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor sigmoid(const Tensor& x);
[[nodiscard]] Variable sigmoid(const Variable& x);

}  // namespace keratin
