#pragma once

#include "tensor/tensor.h"

namespace keratin {

struct OneHotOptions {
  int axis = -1;  // of the result: where the classes go
  DType dtype = float32;
};

/// Class numbers as rows of zeros with a one.   y[i, :] = 0, but 1 at indices[i]
/// indices: any shape, int32 or int64. Result: their shape with an axis of size num_classes put in.
/// A number outside 0 .. num_classes - 1 gives a row of zeros, as in Keras. Throws ValueError
/// (num_classes < 1), DTypeError, ShapeError (axis out of range).
/// Example: one_hot([0, 2], 3) is [[1, 0, 0], [0, 0, 1]].
[[nodiscard]] Tensor one_hot(const Tensor& indices, std::int64_t num_classes,
                             OneHotOptions options = {});

}  // namespace keratin
