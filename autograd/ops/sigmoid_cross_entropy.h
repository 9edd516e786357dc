#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Sigmoid and binary cross-entropy in one, element by element.
///   y = max(x, 0) - x t + ln(1 + e^-|x|)
/// logits, targets: shapes that broadcast, one dtype, f32 or f64. Throws ShapeError, DTypeError.
[[nodiscard]] Tensor sigmoid_cross_entropy(const Tensor& logits, const Tensor& targets);
[[nodiscard]] Variable sigmoid_cross_entropy(const Variable& logits, const Variable& targets);

}  // namespace keratin
