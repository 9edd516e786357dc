// Which of two values along an axis is the one that arg_reduce finds.
#pragma once

#include <cstdint>

#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

/// A value and its place along the axis.
template <class T>
struct Found {
  T value;
  std::int64_t place;
};

/// Does a come before b? NaN first, then the better value; the lower place of equals.
template <class T>
__device__ __forceinline__ bool precedes(const Found<T>& a, const Found<T>& b, bool largest) {
  const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
  if (a_nan != b_nan) return a_nan;
  if (!a_nan && a.value != b.value) return largest ? a.value > b.value : a.value < b.value;
  return a.place < b.place;
}

}  // namespace keratin::kernels::cuda
