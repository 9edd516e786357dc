// Comparisons and what is made of them. None has a gradient.
#pragma once

#include "tensor/reduce_options.h"
#include "tensor/tensor.h"

namespace keratin {

/// Is a > b, element by element?
/// a, b: shapes that broadcast as NumPy's; one dtype, numbers or bool; a plain number stands for a
/// tensor of the other's dtype (beside integers it may be a fraction: x > 0.5). Result: bool, the
/// broadcast shape. Any comparison with NaN is false, but for not_equal. Throws ShapeError,
/// DTypeError.
/// Example: cast(greater(a, b), float32) is 1 where a is the larger, else 0.
[[nodiscard]] Tensor greater(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor greater(const Tensor& a, double b);
[[nodiscard]] Tensor greater(double a, const Tensor& b);
/// The same for a >= b.
[[nodiscard]] Tensor greater_equal(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor greater_equal(const Tensor& a, double b);
[[nodiscard]] Tensor greater_equal(double a, const Tensor& b);
/// The same for a < b.
[[nodiscard]] Tensor less(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor less(const Tensor& a, double b);
[[nodiscard]] Tensor less(double a, const Tensor& b);
/// The same for a <= b.
[[nodiscard]] Tensor less_equal(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor less_equal(const Tensor& a, double b);
[[nodiscard]] Tensor less_equal(double a, const Tensor& b);
/// The same for a == b.
[[nodiscard]] Tensor equal(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor equal(const Tensor& a, double b);
[[nodiscard]] Tensor equal(double a, const Tensor& b);
/// The same for a != b; true where one is NaN.
[[nodiscard]] Tensor not_equal(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor not_equal(const Tensor& a, double b);
[[nodiscard]] Tensor not_equal(double a, const Tensor& b);

/// Not, and, or: bool tensors only, broadcast. Throws DTypeError, ShapeError.
[[nodiscard]] Tensor logical_not(const Tensor& x);
[[nodiscard]] Tensor logical_and(const Tensor& a, const Tensor& b);
[[nodiscard]] Tensor logical_or(const Tensor& a, const Tensor& b);

/// Is every element, is any one, true? x: bool. Of nothing all is true, any false. Result: bool,
/// without the axes of options.axis (all unless given), or with size 1 there. Throws DTypeError,
/// ShapeError (axis out of range).
/// Example: all(isfinite(loss)).item<bool>()
[[nodiscard]] Tensor all(const Tensor& x, ReduceOptions options = {});
[[nodiscard]] Tensor any(const Tensor& x, ReduceOptions options = {});

/// The place of the largest (smallest) element along one axis, the first of equals; of the first
/// NaN where there is one. Without an axis: of all elements, row by row.
/// x: numbers or bool. Result: int64. Throws ShapeError (several axes, an axis out of range or of
/// size 0), DTypeError (strings).
/// Example: argmax(probabilities, {.axis = -1}) of f32[32, 10] is i64[32].
[[nodiscard]] Tensor argmax(const Tensor& x, ReduceOptions options = {});
[[nodiscard]] Tensor argmin(const Tensor& x, ReduceOptions options = {});

/// Is an element NaN; is it neither NaN nor infinite? Result: bool. Throws DTypeError (bool,
/// strings).
[[nodiscard]] Tensor isnan(const Tensor& x);
[[nodiscard]] Tensor isfinite(const Tensor& x);

/// The largest |a - b|, computed in float64: how far two results lie apart. 0 for equal elements
/// (infinities too) and for empty tensors; NaN if a NaN stands in either. Shapes must be the same,
/// dtypes may differ. Throws ShapeError, DTypeError (strings).
[[nodiscard]] double max_abs_difference(const Tensor& a, const Tensor& b);

}  // namespace keratin
