#pragma once

#include "autograd/variable.h"
#include "tensor/resize_images.h"

namespace keratin {

/// Images of another size, each pixel interpolated at its own centre; kernels/resize/axis.h has the
/// weights, which are those of TensorFlow and Keras. A linear map; its gradient is the transposed
/// one, and cannot be differentiated again.
/// x: [height, width, channels] or [batch, height, width, channels], f32 or f64; result: the same
/// dtype, [batch, size[0], size[1], channels]. Other dtypes take resize_images, which has no
/// gradient. pad_to_aspect_ratio and crop_to_aspect_ratio are described there.
/// Throws ShapeError, DTypeError; ValueError for options that are none.
///
///     const Tensor doubled = resize(maps, {.size = {64, 64}});
[[nodiscard]] Tensor resize(const Tensor& x, const ResizeOptions& options);
[[nodiscard]] Variable resize(const Variable& x, const ResizeOptions& options);

}  // namespace keratin
