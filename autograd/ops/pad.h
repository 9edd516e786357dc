#pragma once

#include <vector>

#include "autograd/variable.h"

namespace keratin {

/// How many elements to add along an axis.
struct PadWidth {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

struct PadOptions {
  double constant_values = 0;
};

/// Puts a border of one value around a tensor: `pad_width` has one entry an axis.
/// x: any shape; numbers or bool. Throws ShapeError (another number of entries than axes),
/// ValueError (a negative amount), DTypeError (strings; a value that x's dtype cannot hold).
/// Example: pad(images, {{}, {1, 1}, {1, 1}, {}}) gives [N, H, W, C] a frame of zeros.
[[nodiscard]] Tensor pad(const Tensor& x, const std::vector<PadWidth>& pad_width,
                         PadOptions options = {});
[[nodiscard]] Variable pad(const Variable& x, const std::vector<PadWidth>& pad_width,
                           PadOptions options = {});

}  // namespace keratin
