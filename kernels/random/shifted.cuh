#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/random/philox.h"

namespace keratin::kernels::cuda {

/// The key with its shift added.
__device__ __forceinline__ PhiloxKey shifted(PhiloxKey key) {
  if (key.shift != nullptr) key.stream += *key.shift;
  key.shift = nullptr;
  return key;
}

}  // namespace keratin::kernels::cuda
