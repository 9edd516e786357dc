// What the element-wise operations share: one call of the kernels' room, and the shape rules.
#pragma once

#include <string_view>

#include "autograd/op.h"
#include "kernels/elementwise/elementwise.h"

namespace keratin::detail {

/// y = op(x); y is of x's shape and dtype.
void unary_into(std::string_view name, kernels::Unary op, const Tensor& x, Tensor& y);
/// y = op(a, b), broadcast; all of one dtype.
void binary_into(std::string_view name, kernels::Binary op, const Tensor& a, const Tensor& b,
                 Tensor& y);
/// A new tensor for it, without a record: for gradient rules.
Tensor binary(std::string_view name, kernels::Binary op, const Tensor& a, const Tensor& b);

/// The result of a binary operation. Throws DTypeError (differing, bool, strings) or ShapeError.
Spec infer_binary(std::string_view name, const Spec& a, const Spec& b);
/// The result of a unary operation on floating types only.
Spec infer_floating(std::string_view name, const Spec& x);
/// ... and on any numbers.
Spec infer_number(std::string_view name, const Spec& x);

/// A number as an operand beside `x`, of its dtype and on its device. Throws DTypeError where an
/// integer type cannot hold it.
Tensor operand(std::string_view name, double number, const Tensor& x);
Variable operand(std::string_view name, double number, const Variable& x);
/// The same where x is of a floating type, which holds any.
inline Tensor operand(double number, const Tensor& x) { return operand("operand", number, x); }
inline Variable operand(double number, const Variable& x) { return operand("operand", number, x); }
/// The same for kernels that take the number itself: on the CPU, wherever `x` is.
Tensor operand_on_cpu(std::string_view name, double number, const Spec& x);

/// 1 where op holds, else 0: constants in gradient rules, for Tensors and Variables.
Tensor mask(kernels::Binary op, const Tensor& a, const Tensor& b);
Variable mask(kernels::Binary op, const Variable& a, const Variable& b);

}  // namespace keratin::detail
