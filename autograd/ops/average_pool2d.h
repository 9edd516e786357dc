#pragma once

#include "autograd/pool2d.h"
#include "autograd/variable.h"

namespace keratin {

/// The mean of each window, every channel by itself; of the cells inside the image, where a window
/// reaches over its edge.
/// x: [batch, height, width, channels], f32 or f64. Result: [batch, height', width', channels],
/// same dtype; a Variable for Variables. With window k and stride s, "valid" gives floor((n - k) /
/// s) + 1 windows, "same" ceil(n / s). The gradient can be differentiated again.
/// Throws ShapeError, DTypeError; ValueError for options that are none.
///
///     const Tensor halved = average_pool2d(maps, {.pool_size = {2, 2}});
[[nodiscard]] Tensor average_pool2d(const Tensor& x, Pool2dOptions options = {});
[[nodiscard]] Variable average_pool2d(const Variable& x, Pool2dOptions options = {});

}  // namespace keratin
