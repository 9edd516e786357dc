// Two values of a reduction, and what it begins with.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/reduce/reduce.h"

namespace keratin::kernels::cuda {

template <Reduction op>
__device__ __forceinline__ float start_of() {
  if constexpr (op == Reduction::sum) {
    return 0;
  } else {
    return op == Reduction::max ? -INFINITY : INFINITY;
  }
}

template <Reduction op>
__device__ __forceinline__ float combined(float a, float b) {
  if constexpr (op == Reduction::sum) {
    return a + b;
  } else {  // NaN from either side
    if (a != a) return a;
    if (b != b) return b;
    return (op == Reduction::max ? a < b : b < a) ? b : a;
  }
}

/// y[outer, pieces, inner]: every `piece` elements of the axis into one.
void reduce_pieces(const float* x, float* y, const ReduceShape& s, std::int64_t pieces,
                   std::int64_t piece, const Stream& stream);

}  // namespace keratin::kernels::cuda
