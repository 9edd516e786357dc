#pragma once

#include "autograd/variable.h"

namespace keratin {

// reshape of a Tensor: tensor/tensor.h

/// The same elements under another shape of as many, row by row; one size may be -1. Shares
/// storage; any dtype. Throws ShapeError.
[[nodiscard]] Variable reshape(const Variable& x, const Shape& shape);

}  // namespace keratin
