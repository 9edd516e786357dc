#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Multiplies.   y = a b
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor multiply(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor multiply(const Tensor& a, double b);
[[nodiscard]] Tensor multiply(double a, const Tensor& b);
[[nodiscard]] Variable multiply(const Variable& a, const Variable& b);
[[nodiscard]] Variable multiply(const Variable& a, double b);
[[nodiscard]] Variable multiply(double a, const Variable& b);
[[nodiscard]] inline Tensor operator*(const Tensor& a, const Tensor& b) { return multiply(a, b); }
[[nodiscard]] inline Tensor operator*(const Tensor& a, double b) { return multiply(a, b); }
[[nodiscard]] inline Tensor operator*(double a, const Tensor& b) { return multiply(a, b); }
[[nodiscard]] inline Variable operator*(const Variable& a, const Variable& b) {
  return multiply(a, b);
}
[[nodiscard]] inline Variable operator*(const Variable& a, double b) { return multiply(a, b); }
[[nodiscard]] inline Variable operator*(double a, const Variable& b) { return multiply(a, b); }

}  // namespace keratin
