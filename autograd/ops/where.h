#pragma once

#include "autograd/variable.h"

namespace keratin {

/// One of two, element by element.   y = condition ? a : b
/// condition: bool; a, b: one dtype, numbers or bool; a number takes the other's dtype. All three
/// broadcast as NumPy's. The gradient goes where the value came from, and is 0 on the other side,
/// whatever stands there: a NaN that was not chosen does no harm. Throws ShapeError, DTypeError.
/// Example: where(greater(x, 0), log(maximum(x, 1e-7)), 0)
[[nodiscard]] Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor where(const Tensor& condition, const Tensor& a, double b);
[[nodiscard]] Tensor where(const Tensor& condition, double a, const Tensor& b);
[[nodiscard]] Variable where(const Tensor& condition, const Variable& a, const Variable& b);
[[nodiscard]] Variable where(const Tensor& condition, const Variable& a, double b);
[[nodiscard]] Variable where(const Tensor& condition, double a, const Variable& b);

}  // namespace keratin
