#pragma once

#include "autograd/variable.h"

namespace keratin {

struct FlipOptions {
  Axes axis = {};  // which axes; all unless given
};

/// Reverses the order along axes.   y[.., i, ..] = x[.., size - 1 - i, ..]
/// x: any shape; numbers or bool. Throws ShapeError (axis out of range), DTypeError (strings).
[[nodiscard]] Tensor flip(const Tensor& x, FlipOptions options = {});
[[nodiscard]] Variable flip(const Variable& x, FlipOptions options = {});

}  // namespace keratin
