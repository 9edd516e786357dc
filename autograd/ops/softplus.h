#pragma once

#include "autograd/variable.h"

namespace keratin {

/// A smooth relu, computed without overflow.   y = ln(1 + e^x)
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor softplus(const Tensor& x);
[[nodiscard]] Variable softplus(const Variable& x);

}  // namespace keratin
