#pragma once

#include "autograd/ops/softmax.h"
#include "autograd/variable.h"

namespace keratin {

/// The logarithm of softmax, without computing it.   y = x - max x - ln sum exp(x - max x)
/// x: any shape of rank >= 1; f32, f64. Result: same shape and dtype.
/// Throws ShapeError (rank 0, axis out of range, an axis of size 0), DTypeError.
[[nodiscard]] Tensor log_softmax(const Tensor& x, SoftmaxOptions options = {});
[[nodiscard]] Variable log_softmax(const Variable& x, SoftmaxOptions options = {});

}  // namespace keratin
