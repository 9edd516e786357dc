#pragma once

#include <vector>

#include "autograd/variable.h"

namespace keratin {

/// The whole tensor, repeats[k] times along axis k.
/// x: any shape; numbers or bool. Fewer repeats than axes are those of the last axes, more add
/// leading axes, as NumPy does. Throws ValueError (a negative number), ShapeError (more than 8
/// axes), DTypeError (strings).
/// Example: tile([1, 2], {2, 3}) is [[1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2]].
[[nodiscard]] Tensor tile(const Tensor& x, const std::vector<std::int64_t>& repeats);
[[nodiscard]] Variable tile(const Variable& x, const std::vector<std::int64_t>& repeats);

}  // namespace keratin
