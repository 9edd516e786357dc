#pragma once

#include "autograd/variable.h"

namespace keratin {

struct SoftmaxOptions {
  int axis = -1;
};

/// Turns scores along one axis into probabilities.   y = exp(x - max x) / sum exp(x - max x)
/// x: any shape of rank >= 1; f32, f64. Result: same shape and dtype.
/// Throws ShapeError (rank 0, axis out of range, an axis of size 0), DTypeError.
[[nodiscard]] Tensor softmax(const Tensor& x, SoftmaxOptions options = {});
[[nodiscard]] Variable softmax(const Variable& x, SoftmaxOptions options = {});

}  // namespace keratin
