#pragma once

#include "autograd/variable.h"

namespace keratin {

struct RepeatOptions {
  int axis = 0;
};

/// Each element along an axis, `repeats` times in a row.
/// x: rank 1 or more; numbers or bool. Throws ValueError (a negative number), ShapeError (axis out
/// of range), DTypeError (strings).
/// Example: repeat([1, 2], 3) is [1, 1, 1, 2, 2, 2].
[[nodiscard]] Tensor repeat(const Tensor& x, std::int64_t repeats, RepeatOptions options = {});
[[nodiscard]] Variable repeat(const Variable& x, std::int64_t repeats, RepeatOptions options = {});

}  // namespace keratin
