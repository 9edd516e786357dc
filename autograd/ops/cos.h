#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The cosine of an angle in radians.   y = cos x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor cos(const Tensor& x);
[[nodiscard]] Variable cos(const Variable& x);

}  // namespace keratin
