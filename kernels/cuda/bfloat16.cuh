// Numbers as they are stored and as they are computed with.
#pragma once

#include "kernels/bfloat16.h"
#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

__device__ __forceinline__ float widened(float x) { return x; }
__device__ __forceinline__ float widened(BFloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
}

/// Rounded to nearest, ties to even.
template <class T>
__device__ __forceinline__ T narrowed(float x);
template <>
__device__ __forceinline__ float narrowed<float>(float x) {
  return x;
}
template <>
__device__ __forceinline__ BFloat16 narrowed<BFloat16>(float x) {
  return to_bfloat16(x);
}

}  // namespace keratin::kernels::cuda
