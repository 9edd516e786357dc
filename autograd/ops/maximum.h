#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The larger of two; NaN if either is. Equal ones share the gradient.   y = max(a, b)
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor maximum(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor maximum(const Tensor& a, double b);
[[nodiscard]] Tensor maximum(double a, const Tensor& b);
[[nodiscard]] Variable maximum(const Variable& a, const Variable& b);
[[nodiscard]] Variable maximum(const Variable& a, double b);
[[nodiscard]] Variable maximum(double a, const Variable& b);

}  // namespace keratin
