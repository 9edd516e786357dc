#include "nn/layers/window.h"

#include <fmt/format.h>

#include "autograd/window.h"
#include "kernels/error.h"

namespace keratin::layers {

std::array<std::int64_t, 2> positive_sizes(const char* layer, const char* option, Size2 sizes) {
  if (!sizes.given()) throw ValueError(fmt::format("{}: {} is missing", layer, option));
  if (sizes.height() < 1 || sizes.width() < 1) {
    throw ValueError(fmt::format("{}: {} is ({}, {}); expected at least 1", layer, option,
                                 sizes.height(), sizes.width()));
  }
  return {sizes.height(), sizes.width()};
}

void require_padding(const char* layer, const std::string& padding) {
  if (padding == "valid" || padding == "same") return;
  throw ValueError(
      fmt::format("{}: padding is \"{}\"; expected \"valid\" or \"same\"", layer, padding));
}

std::int64_t windows_along(std::int64_t size, std::int64_t window, std::int64_t stride,
                           std::int64_t dilation, const std::string& padding) {
  if (size == None) return None;
  if (padding == "valid" && size < (window - 1) * dilation + 1) return 0;
  return detail::windows_along(size, {window, stride, dilation}, padding == "same").count;
}

}  // namespace keratin::layers
