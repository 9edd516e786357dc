#pragma once

#include "autograd/variable.h"

namespace keratin {

struct SqueezeOptions {
  Axes axis = {};  // which axes; all of size 1 unless given
};

/// Drops axes of size 1. Shares storage; any dtype. Throws ShapeError (an axis out of range, or of
/// another size).
/// Example: squeeze(f32[2, 1, 3, 1], {.axis = -1}) is f32[2, 1, 3].
[[nodiscard]] Tensor squeeze(const Tensor& x, SqueezeOptions options = {});
[[nodiscard]] Variable squeeze(const Variable& x, SqueezeOptions options = {});

}  // namespace keratin
