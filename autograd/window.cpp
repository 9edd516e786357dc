#include "autograd/window.h"

#include <fmt/format.h>

#include <algorithm>

namespace keratin::detail {

Windows windows_along(std::int64_t length, const Window& w, bool same) {
  const std::int64_t extent = (w.size - 1) * w.dilation + 1;
  if (!same) return {(length - extent) / w.stride + 1, 0};
  const std::int64_t count = (length + w.stride - 1) / w.stride;
  return {count, std::max<std::int64_t>(0, (count - 1) * w.stride + extent - length) / 2};
}

Windows transposed_along(std::int64_t length, const Window& w, bool same,
                         std::optional<std::int64_t> output_padding) {
  const std::int64_t extent = (w.size - 1) * w.dilation + 1, first = (length - 1) * w.stride;
  if (!same) {
    return {first + (output_padding ? extent + *output_padding : std::max(extent, w.stride)), 0};
  }
  const std::int64_t around =
      output_padding ? extent + extent % 2 - 2 + *output_padding : w.stride + extent - 2;
  const std::int64_t front = std::min((around + 1) / 2, extent - 1);
  return {first + around - extent + 2, extent - 1 - front};
}

std::array<Windows, 2> windows_of_image(std::string_view op, const Spec& x, const Window& height,
                                        const Window& width, const std::string& padding) {
  if (x.shape.rank() != 4) {
    throw ShapeError(
        fmt::format("{}: input has rank {}, {}; expected [batch, height, width, channels].{}", op,
                    x.shape.rank(), x.text(),
                    x.shape.rank() == 3 ? " For one image or one channel use expand_dims." : ""));
  }
  if (padding != "valid" && padding != "same") {
    throw ValueError(
        fmt::format("{}: padding is \"{}\"; expected \"valid\" or \"same\"", op, padding));
  }
  for (const Window& w : {height, width}) {
    if (w.size < 1 || w.stride < 1 || w.dilation < 1) {
      throw ValueError(fmt::format(
          "{}: window {}x{}, strides {}x{}, dilation {}x{}; expected numbers of at least 1", op,
          height.size, width.size, height.stride, width.stride, height.dilation, width.dilation));
    }
  }
  const auto along = [&](std::int64_t axis, const Window& w, const char* name) {
    const std::int64_t length = x.shape[axis], extent = (w.size - 1) * w.dilation + 1;
    if (length == 0 || x.shape[3] == 0) {
      throw ShapeError(fmt::format("{}: input {} has no pixels or channels", op, x.text()));
    }
    if (padding == "valid" && length < extent) {
      throw ShapeError(fmt::format(
          "{}: the {} is smaller than the window: input is {}, the window needs {} of its {} "
          "cells. Use padding = \"same\", a smaller window or a larger image.",
          op, name, x.text(), extent, length));
    }
    return windows_along(length, w, padding == "same");
  };
  return {along(1, height, "height"), along(2, width, "width")};
}

}  // namespace keratin::detail
