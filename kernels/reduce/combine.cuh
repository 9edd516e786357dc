// Two values of a reduction, and what it begins with.
#pragma once

#include <limits>

#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.h"
#include "kernels/reduce/reduce.h"

namespace keratin::kernels::cuda {

template <Reduction op, class T>
__device__ __forceinline__ T start_of() {
  using Limits = std::numeric_limits<T>;
  if constexpr (op == Reduction::sum) {
    return 0;
  } else if constexpr (Limits::has_infinity) {
    return op == Reduction::max ? -Limits::infinity() : Limits::infinity();
  } else {
    return op == Reduction::max ? Limits::min() : Limits::max();
  }
}

template <Reduction op, class T>
__device__ __forceinline__ T combined(T a, T b) {
  if constexpr (op == Reduction::sum) {
    using U = cpu::Wrapping<T>;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  } else {  // NaN from either side
    if (a != a) return a;
    if (b != b) return b;
    return (op == Reduction::max ? a < b : b < a) ? b : a;
  }
}

/// y[outer, pieces, inner]: every `piece` elements of the axis into one.
template <class T>
void reduce_pieces(const T* x, T* y, const ReduceShape& s, std::int64_t pieces, std::int64_t piece,
                   const Stream& stream);

}  // namespace keratin::kernels::cuda

#define KERATIN_FOR_EACH_REDUCED(M) \
  M(float) M(double) M(std::uint8_t) M(std::int32_t) M(std::int64_t)
