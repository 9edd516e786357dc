#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Softmax and cross-entropy with probabilities, in one.   y = sum_c t_c (ln sum exp(x) - x_c)
/// logits, targets: [..., classes], one dtype, f32 or f64. Result: [...].
/// Throws ShapeError, DTypeError. The targets' own gradient is that of -log_softmax(x).
[[nodiscard]] Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets);
[[nodiscard]] Variable softmax_cross_entropy(const Variable& logits, const Variable& targets);

}  // namespace keratin
