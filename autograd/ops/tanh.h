#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The hyperbolic tangent.   y = tanh x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor tanh(const Tensor& x);
[[nodiscard]] Variable tanh(const Variable& x);

}  // namespace keratin
