#pragma once

#include "autograd/variable.h"

namespace keratin {

/// The same elements on this device; x itself where it is there already. The gradient goes back to
/// where x is. Any shape and dtype. Throws DTypeError for strings to a GPU.
[[nodiscard]] Tensor to_device(const Tensor& x, Device device);
[[nodiscard]] Variable to_device(const Variable& x, Device device);

}  // namespace keratin
