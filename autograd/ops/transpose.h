#pragma once

#include <vector>

#include "autograd/variable.h"

namespace keratin {

struct TransposeOptions {
  std::vector<int> axes = {};  // axis k of the result is axis axes[k] of x; reversed unless given
};

/// Puts the axes in another order.   y[i_axes0, i_axes1, ...] = x[i_0, i_1, ...]
/// x: any shape; numbers or bool. A matrix is turned: transpose(f32[2, 3]) is f32[3, 2]. Negative
/// axes count from the end. Throws ShapeError unless `axes` names every axis once; DTypeError
/// (strings).
/// Example: transpose(images, {.axes = {0, 3, 1, 2}}) takes [N, H, W, C] to [N, C, H, W].
[[nodiscard]] Tensor transpose(const Tensor& x, TransposeOptions options = {});
[[nodiscard]] Variable transpose(const Variable& x, TransposeOptions options = {});

}  // namespace keratin
