#pragma once

#include "autograd/pool2d.h"
#include "autograd/variable.h"

namespace keratin {

/// The largest of each window, every channel by itself; NaN where the window holds one.
/// x: [batch, height, width, channels], f32 or f64. Result: [batch, height', width', channels],
/// same dtype; a Variable for Variables. With window k and stride s, "valid" gives floor((n - k) /
/// s) + 1 windows, "same" ceil(n / s); the padding never wins. The gradient goes to the first
/// largest cell, row by row. It cannot be differentiated again.
/// Throws ShapeError, DTypeError; ValueError for options that are none.
///
///     const Tensor halved = max_pool2d(maps, {.pool_size = {2, 2}});
[[nodiscard]] Tensor max_pool2d(const Tensor& x, Pool2dOptions options = {});
[[nodiscard]] Variable max_pool2d(const Variable& x, Pool2dOptions options = {});

}  // namespace keratin
