#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The natural logarithm; -inf at 0, NaN below.   y = ln x
/// x: any shape; f32, f64. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor log(const Tensor& x);
[[nodiscard]] Variable log(const Variable& x);

}  // namespace keratin
