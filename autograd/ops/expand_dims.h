#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Puts an axis of size 1 at `axis` of the result; negative axes count from the result's end.
/// Shares storage; any dtype. Throws ShapeError.
/// Example: expand_dims(f32[3, 4], -1) is f32[3, 4, 1].
[[nodiscard]] Tensor expand_dims(const Tensor& x, int axis);
[[nodiscard]] Variable expand_dims(const Variable& x, int axis);

}  // namespace keratin
