#pragma once

#include "tensor/tensor.h"

namespace keratin {

/// The same numbers in another type; x itself where it has that type already. Floating types are
/// cut towards zero, and what an integer type cannot hold to its range; NaN becomes 0. Any type of
/// numbers or bool. Throws DTypeError for strings.
Tensor cast(const Tensor& x, DType dtype);

}  // namespace keratin
