#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The sign; its gradient is zero everywhere, and none is computed.   y = 1, 0 or -1
/// x: any shape; f32, f64 and integers. Result: same shape and dtype. Throws DTypeError.
[[nodiscard]] Tensor sign(const Tensor& x);
[[nodiscard]] Variable sign(const Variable& x);

}  // namespace keratin
