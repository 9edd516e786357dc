// What the threads of a warp or of a whole block work out together, always in the same order.
#pragma once

#include <cmath>

#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

struct Add {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {  // of a number and NaN the number
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return std::fmax(a, b);
  }
};

/// op over the values of a group of kThreads threads, for all of them: one alone; 32, a warp; or
/// all of a one-dimensional block of so many.
template <int kThreads, class T, class Op>
__device__ __forceinline__ T over_group(T value, Op op) {
  static_assert(kThreads == 1 || kThreads % 32 == 0);
  if constexpr (kThreads > 1) {
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2)
      value = op(value, __shfl_xor_sync(0xffffffffU, value, lanes));
  }
  if constexpr (kThreads > 32) {
    KERATIN_SHARED(T, of_warps, [kThreads / 32]);
    __syncthreads();  // everybody has read what the last call left
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[0];
#pragma unroll
    for (int i = 1; i < kThreads / 32; ++i) value = op(value, of_warps[i]);
  }
  return value;
}

}  // namespace keratin::kernels::cuda
