// What the pooling operations share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/pool2d/pool2d.h"
#include "tensor/tensor.h"

namespace keratin {

/// Pairs are {height, width}.
struct Pool2dOptions {
  std::array<std::int64_t, 2> pool_size = {2, 2};
  std::array<std::int64_t, 2> strides = {0, 0};  // 0: as far as the window
  std::string padding = "valid";                 // or "same"
};

namespace detail {
/// Throws ShapeError and ValueError naming `op`.
kernels::Pool2dShape pool2d_shape(std::string_view op, const Spec& x, const Pool2dOptions& options);
/// Throws ShapeError unless x is [batch, height, width, channels] with at least one pixel.
void require_image(std::string_view op, const Spec& x);
}  // namespace detail

}  // namespace keratin
