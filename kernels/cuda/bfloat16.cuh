// Numbers as they are stored and as they are computed with.
#pragma once

#include <type_traits>

#include "kernels/bfloat16.h"
#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

/// What numbers stored as T are computed in.
template <class T>
using Computed = std::conditional_t<std::is_same_v<T, BFloat16>, float, T>;

template <class T>
__device__ __forceinline__ T widened(T x) {
  return x;
}
__device__ __forceinline__ float widened(BFloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

/// bfloat16 is rounded to nearest, ties to even.
template <class T>
__device__ __forceinline__ T narrowed(Computed<T> x) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return to_bfloat16(x);
  } else {
    return x;
  }
}

}  // namespace keratin::kernels::cuda
