#pragma once

#include "autograd/variable.h"
#include "kernels/epilogue.h"

namespace keratin {

struct DenseOptions {
  kernels::Activation activation = kernels::Activation::linear;
};

/// A Dense layer in one pass over its output.   y = activation(x kernel + bias)
/// x: [..., in], rank >= 2; kernel: [in, units]; bias: [units], or not defined() for none. f32, f64
/// or bf16. Result: [..., units], same dtype; a Variable for Variables.
/// Throws ShapeError, DTypeError.
///
///     const Variable hidden = dense(x, w, b, {.activation = kernels::Activation::relu});
[[nodiscard]] Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias = {},
                           DenseOptions options = {});
[[nodiscard]] Variable dense(const Variable& x, const Variable& kernel, const Variable& bias = {},
                             DenseOptions options = {});

}  // namespace keratin
