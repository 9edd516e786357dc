#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The smaller of two; NaN if either is. Equal ones share the gradient.   y = min(a, b)
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor minimum(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor minimum(const Tensor& a, double b);
[[nodiscard]] Tensor minimum(double a, const Tensor& b);
[[nodiscard]] Variable minimum(const Variable& a, const Variable& b);
[[nodiscard]] Variable minimum(const Variable& a, double b);
[[nodiscard]] Variable minimum(double a, const Variable& b);

}  // namespace keratin
