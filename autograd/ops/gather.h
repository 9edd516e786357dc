#pragma once

#include "autograd/variable.h"

namespace keratin {

struct GatherOptions {
  int axis = 0;
};

/// Looks up by index along an axis.   y[a, i, b] = x[a, indices[i], b]
/// x: rank 1 or more; numbers or bool. indices: any shape, int32 or int64; each from 0 to the
/// axis's size - 1. The result has the indices' axes in place of that axis. Equal indices add up in
/// the gradient, in order, with the same bits on any number of threads. Indices may be on the CPU
/// or where x is; those on a GPU are checked there, and each call waits for the answer. Throws
/// ValueError naming the first index outside, DTypeError, ShapeError (axis out of range).
/// Example: gather(table, words) of f32[1000, 64] and i64[32, 10] is f32[32, 10, 64].
[[nodiscard]] Tensor gather(const Tensor& x, const Tensor& indices, GatherOptions options = {});
[[nodiscard]] Variable gather(const Variable& x, const Tensor& indices, GatherOptions options = {});

}  // namespace keratin
