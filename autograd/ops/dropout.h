#pragma once

#include "autograd/variable.h"
#include "tensor/random.h"

namespace keratin {

/// Sets elements to 0 with probability `rate` and divides the others by 1 - rate.
/// x: any shape, f32 or f64; 0 <= rate <= 1 (1 gives zeros). Which elements stay depends on the
/// stream alone. Throws DTypeError, ValueError (rate). Source: Srivastava et al. 2014.
[[nodiscard]] Tensor dropout(const Tensor& x, double rate, RandomStream stream);
[[nodiscard]] Variable dropout(const Variable& x, double rate, RandomStream stream);

}  // namespace keratin
