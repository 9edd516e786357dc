#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Adds.   y = a + b
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor add(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor add(const Tensor& a, double b);
[[nodiscard]] Tensor add(double a, const Tensor& b);
[[nodiscard]] Variable add(const Variable& a, const Variable& b);
[[nodiscard]] Variable add(const Variable& a, double b);
[[nodiscard]] Variable add(double a, const Variable& b);
[[nodiscard]] inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
[[nodiscard]] inline Tensor operator+(const Tensor& a, double b) { return add(a, b); }
[[nodiscard]] inline Tensor operator+(double a, const Tensor& b) { return add(a, b); }
[[nodiscard]] inline Variable operator+(const Variable& a, const Variable& b) { return add(a, b); }
[[nodiscard]] inline Variable operator+(const Variable& a, double b) { return add(a, b); }
[[nodiscard]] inline Variable operator+(double a, const Variable& b) { return add(a, b); }

}  // namespace keratin
