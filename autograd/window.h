// Where the windows of convolution and pooling lie along one axis of an image.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace keratin::detail {

struct Window {
  std::int64_t size = 1, stride = 1, dilation = 1;
};

struct Windows {
  std::int64_t count = 0;   // the output's size
  std::int64_t before = 0;  // padding in front; behind it is whatever the last window needs
};

/// TensorFlow's rule, with extent = (size - 1) dilation + 1:
///   valid   count = (length - extent) / stride + 1, no padding
///   same    count = ceil(length / stride); of the padding of (count - 1) stride + extent - length,
///           half is in front, an odd cell behind
Windows windows_along(std::int64_t length, const Window& w, bool same);

/// Both axes of an image. `x` is [batch, height, width, channels]. Throws ShapeError where the
/// rank is another, the image is empty or, with "valid", smaller than the window; ValueError for a
/// padding or numbers that are none.
std::array<Windows, 2> windows_of_image(std::string_view op, const Spec& x, const Window& height,
                                        const Window& width, const std::string& padding);

}  // namespace keratin::detail
