#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Normalizes each row, the last axis, by itself.
///   y = gamma (x - mean x) / sqrt(var x + epsilon) + beta, the variance biased
/// x: [..., n], f32, f64 or bf16, n >= 1; gamma, beta: [n], of x's dtype, or not defined() for 1
/// and 0. Of x in bf16 all is computed in f32, gamma and beta may be f32, and y is rounded to bf16
/// once. Throws ShapeError, DTypeError. Source: Ba, Kiros and Hinton 2016.
[[nodiscard]] Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon);
[[nodiscard]] Variable layer_normalization(const Variable& x, const Variable& gamma,
                                           const Variable& beta, double epsilon);

}  // namespace keratin
