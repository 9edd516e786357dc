#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Divides. Integers are cut towards zero; an integer divided by 0 is 0.   y = a / b
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor divide(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor divide(const Tensor& a, double b);
[[nodiscard]] Tensor divide(double a, const Tensor& b);
[[nodiscard]] Variable divide(const Variable& a, const Variable& b);
[[nodiscard]] Variable divide(const Variable& a, double b);
[[nodiscard]] Variable divide(double a, const Variable& b);
[[nodiscard]] inline Tensor operator/(const Tensor& a, const Tensor& b) { return divide(a, b); }
[[nodiscard]] inline Tensor operator/(const Tensor& a, double b) { return divide(a, b); }
[[nodiscard]] inline Tensor operator/(double a, const Tensor& b) { return divide(a, b); }
[[nodiscard]] inline Variable operator/(const Variable& a, const Variable& b) {
  return divide(a, b);
}
[[nodiscard]] inline Variable operator/(const Variable& a, double b) { return divide(a, b); }
[[nodiscard]] inline Variable operator/(double a, const Variable& b) { return divide(a, b); }

}  // namespace keratin
