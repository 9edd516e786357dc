#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Raises to a power.   y = a^b
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. A negative base with a fraction as exponent is NaN; integers wrap around, and with
/// a negative exponent they are cut towards zero. The gradient by b is 0 where a <= 0. Result: the
/// broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor power(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor power(const Tensor& a, double b);
[[nodiscard]] Tensor power(double a, const Tensor& b);
[[nodiscard]] Variable power(const Variable& a, const Variable& b);
[[nodiscard]] Variable power(const Variable& a, double b);
[[nodiscard]] Variable power(double a, const Variable& b);

}  // namespace keratin
