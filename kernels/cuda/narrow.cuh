// Kernels that count in 32 bits: one item a thread, and elements that go together.
#pragma once

#include <type_traits>

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"
#include "kernels/division.h"

namespace keratin::kernels::cuda {

inline constexpr int kNarrowThreads = 256;

/// Calls f(i) for this thread's items, which are fewer than 2^31 in all.
template <class F>
__device__ __forceinline__ void each_item(std::int32_t items, F f) {
  // Counted in 64 bits: the step beyond the last item may be large.
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < items; i += step)
    f(static_cast<std::int32_t>(i));
}

/// A size that fits_in_32_bits.
inline std::int32_t narrow(std::int64_t size) { return static_cast<std::int32_t>(size); }

inline unsigned blocks_of_items(std::int64_t items) { return blocks_for(items, kNarrowThreads); }

/// n elements from `from` on, as they are computed with: in one access where `together`.
template <int n, bool together, class T>
__device__ __forceinline__ void load(const T* from, Computed<T> (&to)[n]) {
  if constexpr (together) {
    const auto all = *reinterpret_cast<const Several<T, n>*>(from);
#pragma unroll
    for (int k = 0; k < n; ++k) to[k] = widened(all.at[k]);
  } else {
#pragma unroll
    for (int k = 0; k < n; ++k) to[k] = widened(from[k]);
  }
}
template <int n, bool together, class T>
__device__ __forceinline__ void store(T* to, const Computed<T> (&from)[n]) {
  if constexpr (together) {
    Several<T, n> all;
#pragma unroll
    for (int k = 0; k < n; ++k) all.at[k] = narrowed<T>(from[k]);
    *reinterpret_cast<Several<T, n>*>(to) = all;
  } else {
#pragma unroll
    for (int k = 0; k < n; ++k) to[k] = narrowed<T>(from[k]);
  }
}

/// Calls f<n, together>() for the channels that a thread takes of a pixel: `most`, or four, in one
/// access where all pointers allow it, all of up to four one by one, else one.
template <int most = 4, class F, class... T>
void with_channels(std::int64_t channels, F f, const T*... arrays) {
  if constexpr (most > 4) {
    if (channels % most == 0 && (is_aligned<Several<T, most>>(arrays) && ...))
      return f.template operator()<most, true>();
  }
  const bool aligned = (is_aligned<Several<T, 4>>(arrays) && ...);
  if (channels % 4 == 0 && aligned) return f.template operator()<4, true>();
  switch (channels) {
    case 2:
      return f.template operator()<2, false>();
    case 3:
      return f.template operator()<3, false>();
    default:
      return f.template operator()<1, false>();
  }
}

}  // namespace keratin::kernels::cuda
