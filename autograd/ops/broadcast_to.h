#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Repeats along axes of size 1 (and new leading ones) until the shape is reached, as NumPy does.
/// x: numbers or bool. Throws ShapeError, DTypeError (strings).
[[nodiscard]] Tensor broadcast_to(const Tensor& x, const Shape& shape);
[[nodiscard]] Variable broadcast_to(const Variable& x, const Shape& shape);

}  // namespace keratin
