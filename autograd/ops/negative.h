#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Changes the sign.   y = -x
/// x: any shape; f32, f64 and integers. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor negative(const Tensor& x);
[[nodiscard]] Variable negative(const Variable& x);

[[nodiscard]] inline Tensor operator-(const Tensor& x) { return negative(x); }
[[nodiscard]] inline Variable operator-(const Variable& x) { return negative(x); }

}  // namespace keratin
