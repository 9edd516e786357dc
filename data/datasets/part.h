#pragma once

#include "tensor/tensor.h"

namespace keratin::data::datasets {

/// Inputs and their targets, of a training or a test set.
struct Part {
  Tensor x = {};
  Tensor y = {};
};

}  // namespace keratin::data::datasets
