#pragma once

#include "autograd/variable.h"

namespace keratin {

/// ln(1 + x), accurate near 0.   y = ln(1 + x)
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor log1p(const Tensor& x);
[[nodiscard]] Variable log1p(const Variable& x);

}  // namespace keratin
