#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The error function.   y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor erf(const Tensor& x);
[[nodiscard]] Variable erf(const Variable& x);

}  // namespace keratin
