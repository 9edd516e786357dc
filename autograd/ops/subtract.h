#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Subtracts.   y = a - b
/// a, b: shapes that broadcast as NumPy's; one dtype, f32, f64 or integers; a number takes the
/// other's dtype. Result: the broadcast shape. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor subtract(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor subtract(const Tensor& a, double b);
[[nodiscard]] Tensor subtract(double a, const Tensor& b);
[[nodiscard]] Variable subtract(const Variable& a, const Variable& b);
[[nodiscard]] Variable subtract(const Variable& a, double b);
[[nodiscard]] Variable subtract(double a, const Variable& b);
[[nodiscard]] inline Tensor operator-(const Tensor& a, const Tensor& b) { return subtract(a, b); }
[[nodiscard]] inline Tensor operator-(const Tensor& a, double b) { return subtract(a, b); }
[[nodiscard]] inline Tensor operator-(double a, const Tensor& b) { return subtract(a, b); }
[[nodiscard]] inline Variable operator-(const Variable& a, const Variable& b) {
  return subtract(a, b);
}
[[nodiscard]] inline Variable operator-(const Variable& a, double b) { return subtract(a, b); }
[[nodiscard]] inline Variable operator-(double a, const Variable& b) { return subtract(a, b); }

}  // namespace keratin
