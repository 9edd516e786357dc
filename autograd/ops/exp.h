#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The exponential function.   y = e^x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor exp(const Tensor& x);
[[nodiscard]] Variable exp(const Variable& x);

}  // namespace keratin
