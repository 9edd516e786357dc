#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Cuts values to a range. The gradient passes inside it and at its borders, else it is 0.
///   y = min(max(x, low), high)
/// x: any shape; f32, f64 and integers; NaN stays. Result: same shape and dtype. Throws ValueError
/// unless low <= high, DTypeError.
[[nodiscard]] Tensor clip(const Tensor& x, double low, double high);
[[nodiscard]] Variable clip(const Variable& x, double low, double high);

}  // namespace keratin
