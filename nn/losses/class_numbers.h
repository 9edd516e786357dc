#pragma once

#include <string_view>

#include "tensor/tensor.h"

namespace keratin::losses {

/// Targets as int32, on the CPU, in their shape. Throws ValueError, naming the loss and the first,
/// unless all are whole numbers.
Tensor class_numbers(std::string_view loss, const Tensor& y_true);

}  // namespace keratin::losses
