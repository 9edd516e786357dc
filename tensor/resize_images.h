// Resizing of images, for those who need no gradient; with one it is autograd/ops/resize.h.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/resize/resize.h"
#include "tensor/tensor.h"

namespace keratin {

struct ResizeOptions {
  std::array<std::int64_t, 2> size = {0, 0};  // {height, width}; required
  std::string interpolation = "bilinear";     // nearest, bicubic, lanczos3, lanczos5
  bool antialias = false;                     // shrinking widens the kernel by the scale
  bool crop_to_aspect_ratio = false;          // first cuts the middle to the shape of the result
  bool pad_to_aspect_ratio = false;           // first adds borders of fill_value to the same end
  double fill_value = 0;
};

/// Images of another size, each pixel interpolated at its own centre; kernels/resize/axis.h has the
/// weights, which are those of TensorFlow and Keras.
/// images: [height, width, channels] or [batch, height, width, channels], any numbers; result:
/// [batch, size[0], size[1], channels], float64 for float64, else float32 and not rounded.
/// crop_to_aspect_ratio keeps min(height, int(width size[0] / size[1])) rows and as many columns
/// likewise, from the middle; pad_to_aspect_ratio adds int(missing / 2) on either side, the even
/// part of what is missing, as Keras does.
/// Throws ShapeError (rank, an axis of size 0), DTypeError (strings, bool), ValueError (options).
[[nodiscard]] Tensor resize_images(const Tensor& images, const ResizeOptions& options);

namespace detail {

/// By its name. Throws ValueError naming `op`.
kernels::Interpolation interpolation_of(std::string_view op, const std::string& name);

/// Throws ValueError naming `op` unless the options are possible.
void check_resize_options(std::string_view op, const ResizeOptions& options);

/// Is x [height, width, channels], or has a batch axis before them, with at least one pixel and
/// channel? Sizes may be None.
bool are_images(const Shape& x);
/// Throws ShapeError naming `op` unless they are.
void require_images(std::string_view op, const Spec& x);

/// The kernel's shape for images of this spec; crops are its window, padding is not looked at.
/// Throws ShapeError and ValueError naming `op`.
kernels::ResizeShape resize_shape(std::string_view op, const Spec& x, const ResizeOptions& options);

/// Rows above and below, columns left and right that pad_to_aspect_ratio adds.
struct AspectPadding {
  std::int64_t rows = 0, columns = 0;
};
AspectPadding aspect_padding(const Spec& x, const ResizeOptions& options);

/// x.shape with another height and width.
Shape with_image_size(const Shape& x, std::int64_t height, std::int64_t width);

}  // namespace detail
}  // namespace keratin
