#pragma once

#include <vector>

#include "autograd/variable.h"

namespace keratin {

/// Elements first, first + step ... before last, as Python's first:last:step. Negative places count
/// from the end; None, the default, is the end that the step comes from or goes to.
struct SliceRange {
  std::int64_t first = None;
  std::int64_t last = None;
  std::int64_t step = 1;
};

/// A part of a tensor: one range an axis, from the front; axes without one are taken whole.
/// x: any shape; numbers or bool. A range of leading rows with step 1 shares storage, anything else
/// copies. Throws ShapeError for more ranges than axes and for a place outside the axis (Python
/// would cut it off), ValueError for step 0, DTypeError (strings).
/// Example: slice(x, {{}, {1, -1}, {.step = -1}}) of f32[2, 5, 3] is f32[2, 3, 3]: without the
/// borders of axis 1, axis 2 reversed.
[[nodiscard]] Tensor slice(const Tensor& x, const std::vector<SliceRange>& ranges);
[[nodiscard]] Variable slice(const Variable& x, const std::vector<SliceRange>& ranges);

}  // namespace keratin
