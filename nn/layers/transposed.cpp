#include "nn/layers/transposed.h"

#include <fmt/format.h>

#include <algorithm>

namespace keratin::layers {

std::int64_t Transposed::pixels(std::int64_t length) const {
  if (length == None) return None;
  const std::int64_t count = detail::transposed_along(length, window, same, output_padding).count;
  return std::max<std::int64_t>(0, count);
}

void require_output_padding(const char* layer, const std::array<Transposed, 2>& along) {
  for (const Transposed& one : along) {
    const std::int64_t more = one.output_padding.value_or(0);
    if (more >= 0 && more < one.window.stride) continue;
    throw ValueError(fmt::format(
        "{}: output_padding is {} where strides is {}; expected at least 0, and less than that",
        layer, more, one.window.stride));
  }
}

Conv2dTransposeOptions transposed_options(const std::array<Transposed, 2>& along) {
  const auto& [a, b] = along;
  Conv2dTransposeOptions options{.strides = {a.window.stride, b.window.stride},
                                 .padding = a.same ? "same" : "valid",
                                 .dilation_rate = {a.window.dilation, b.window.dilation}};
  if (a.output_padding && b.output_padding) {
    options.output_padding = {*a.output_padding, *b.output_padding};
  }
  return options;
}

}  // namespace keratin::layers
