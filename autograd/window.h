// Where the windows of convolution and pooling lie along one axis of an image.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

/// Of a transposed convolution over `length` pixels: how many it makes, and how many of what it lays
/// down lie in front of the first. With extent as above, n pixels and stride s:
///   valid   (n - 1) s + max(extent, s); given output_padding o: (n - 1) s + extent + o. None before
///   same    n s; given o: (n - 1) s + extent mod 2 + o. What lies around the pixels in Keras is
///           p = s + extent - 2 cells, given o: extent + extent mod 2 - 2 + o, of which
///           min(ceil(p / 2), extent - 1) are in front
Windows transposed_along(std::int64_t length, const Window& w, bool same,
                         std::optional<std::int64_t> output_padding);

/// Both axes of an image. `x` is [batch, height, width, channels]. Throws ShapeError where the
/// rank is another, the image is empty or, with "valid", smaller than the window; ValueError for a
/// padding or numbers that are none.
std::array<Windows, 2> windows_of_image(std::string_view op, const Spec& x, const Window& height,
                                        const Window& width, const std::string& padding);

}  // namespace keratin::detail
