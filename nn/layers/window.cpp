#include "nn/layers/window.h"

#include <fmt/format.h>

#include <algorithm>

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

void require_filters(const char* layer, std::int64_t filters) {
  if (filters >= 1) return;
  throw ValueError(fmt::format("{}: filters is {}; expected at least 1", layer, filters));
}

void require_positive(const char* layer, std::int64_t kernel_size, std::int64_t strides,
                      std::int64_t dilation) {
  if (std::min({kernel_size, strides, dilation}) >= 1) return;
  throw ValueError(
      fmt::format("{}: kernel_size is {}, strides {}, dilation_rate {}; expected at least 1", layer,
                  kernel_size, strides, dilation));
}

void require_one_step(const char* layer, std::int64_t strides, std::int64_t dilation) {
  if (strides == 1 || dilation == 1) return;
  throw ValueError(
      fmt::format("{}: strides {} together with dilation_rate {}; one of them must be 1", layer,
                  strides, dilation));
}
void require_one_step(const char* layer, const std::array<std::int64_t, 2>& strides,
                      const std::array<std::int64_t, 2>& dilation) {
  constexpr std::array<std::int64_t, 2> kOne{1, 1};
  if (strides == kOne || dilation == kOne) return;
  throw ValueError(fmt::format(
      "{}: strides ({}, {}) together with dilation_rate ({}, {}); one of them must be 1", layer,
      strides[0], strides[1], dilation[0], dilation[1]));
}

std::int64_t windows_along(std::int64_t size, std::int64_t window, std::int64_t stride,
                           std::int64_t dilation, const std::string& padding) {
  if (size == None) return None;
  if (padding == "valid" && size < (window - 1) * dilation + 1) return 0;
  return detail::windows_along(size, {window, stride, dilation}, padding == "same").count;
}

}  // namespace keratin::layers
