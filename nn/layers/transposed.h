// What the layers of transposed convolutions share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "autograd/ops/conv2d_transpose.h"
#include "autograd/window.h"

namespace keratin::layers {

/// Along one axis.
struct Transposed {
  detail::Window window = {};
  bool same = false;
  std::optional<std::int64_t> output_padding = {};

  /// How many pixels come of `length`: None where that is not known, 0 where nothing is left.
  std::int64_t pixels(std::int64_t length) const;
};

/// Throws ValueError for an output_padding that is not below its stride.
void require_output_padding(const char* layer, const std::array<Transposed, 2>& along);
Conv2dTransposeOptions transposed_options(const std::array<Transposed, 2>& along);

}  // namespace keratin::layers
