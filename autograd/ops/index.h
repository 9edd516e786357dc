#pragma once

#include "autograd/variable.h"

namespace keratin {

/// Row i of the leading axis, without it; negative i counts from the end. Shares storage; any
/// dtype. Throws ShapeError.
[[nodiscard]] Tensor index(const Tensor& x, std::int64_t i);
[[nodiscard]] Variable index(const Variable& x, std::int64_t i);

}  // namespace keratin
