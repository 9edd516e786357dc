// What a kernel sees of CUDA.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tests/cuda_emulation/engine.h"
#include "tests/cuda_emulation/sanitizers.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#ifdef CUDA_EMULATION_TSAN
#define CUDA_EMULATION_UNWATCHED __attribute__((no_sanitize("thread")))
#else
#define CUDA_EMULATION_UNWATCHED
#endif

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

inline constexpr int warpSize = 32;

inline void __syncthreads(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE()) {
  cuda_emulation::barrier(file, line);
}
inline void __threadfence() { std::atomic_thread_fence(std::memory_order_seq_cst); }

namespace cuda_emulation {
template <class T>
CUDA_EMULATION_UNWATCHED T from_lane(unsigned mask, T value, unsigned source, const char* file,
                                     unsigned line) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  const auto slots = exchange(mask, &value, sizeof(T), file, line);
  if ((mask >> source & 1) == 0) fault("a shuffle from a lane outside of its mask", file, line);
  T result;
  __builtin_memcpy(&result, slots[source], sizeof(T));
  return result;
}
// The lane within the group of `width` lanes, and the group's first lane.
inline unsigned in_group(int width) { return lane() & (static_cast<unsigned>(width) - 1); }
inline unsigned group(int width) { return lane() & ~(static_cast<unsigned>(width) - 1); }
}  // namespace cuda_emulation

#define CUDA_EMULATION_HERE const char *file = __builtin_FILE(), unsigned line = __builtin_LINE()
template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, CUDA_EMULATION_HERE) {
  const unsigned from = static_cast<unsigned>(source) & (static_cast<unsigned>(width) - 1);
  return cuda_emulation::from_lane(mask, value, cuda_emulation::group(width) + from, file, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, CUDA_EMULATION_HERE) {
  const unsigned from = cuda_emulation::lane() ^ static_cast<unsigned>(lanes);
  const bool inside = from < cuda_emulation::group(width) + static_cast<unsigned>(width);
  return cuda_emulation::from_lane(mask, value, inside ? from : cuda_emulation::lane(), file, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned lanes, int width = 32, CUDA_EMULATION_HERE) {
  const bool inside = cuda_emulation::in_group(width) + lanes < static_cast<unsigned>(width);
  const unsigned from = cuda_emulation::lane() + (inside ? lanes : 0);
  return cuda_emulation::from_lane(mask, value, from, file, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned lanes, int width = 32, CUDA_EMULATION_HERE) {
  const bool inside = cuda_emulation::in_group(width) >= lanes;
  const unsigned from = cuda_emulation::lane() - (inside ? lanes : 0);
  return cuda_emulation::from_lane(mask, value, from, file, line);
}
CUDA_EMULATION_UNWATCHED inline unsigned __ballot_sync(unsigned mask, int predicate,
                                                       CUDA_EMULATION_HERE) {
  const unsigned char value = predicate != 0 ? 1 : 0;
  const auto slots = cuda_emulation::exchange(mask, &value, 1, file, line);
  unsigned votes = 0;
  for (unsigned i = 0; i < 32; ++i)
    if ((mask >> i & 1) != 0 && slots[i][0] == 1) votes |= 1U << i;
  return votes;
}
inline void __syncwarp(unsigned mask = 0xffffffffU, CUDA_EMULATION_HERE) {
  const char nothing = 0;
  cuda_emulation::warp_release(mask);
  cuda_emulation::exchange(mask, &nothing, 1, file, line);
  cuda_emulation::warp_acquire(mask);
}
#undef CUDA_EMULATION_HERE

/// Whole numbers only: sums of floats in any order are not the same twice.
template <class T>
requires std::is_integral_v<T> T atomicAdd(T* at, T value) {
  return std::atomic_ref<T>(*at).fetch_add(value, std::memory_order_relaxed);
}
template <class T>
requires std::is_integral_v<T> T atomicMax(T* at, T value) {
  const std::atomic_ref<T> atomic(*at);
  T old = atomic.load(std::memory_order_relaxed);
  while (old < value && !atomic.compare_exchange_weak(old, value, std::memory_order_relaxed)) {
  }
  return old;
}

template <class T>
requires std::is_integral_v<T> T atomicMin(T* at, T value) {
  const std::atomic_ref<T> atomic(*at);
  T old = atomic.load(std::memory_order_relaxed);
  while (value < old && !atomic.compare_exchange_weak(old, value, std::memory_order_relaxed)) {
  }
  return old;
}

template <class T>
T __ldg(const T* at) {
  return *at;
}
inline float __expf(float x) { return std::exp(x); }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline double rsqrt(double x) { return 1 / std::sqrt(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(std::uint64_t{a} * b >> 32);
}
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline double __dmul_rn(double a, double b) {
  const volatile double product = a * b;  // rounded here: nothing is fused with it
  return product;
}
inline double __dadd_rn(double a, double b) { return a + b; }
inline int __popc(unsigned x) { return std::popcount(x); }

namespace cuda_emulation {
/// cp.async of `size` bytes, of which the last size - copied become zeros.
inline void begin_async_copy(void* to, const void* from, unsigned size, unsigned copied) {
  async_copy({to, from, size, copied, 0});
}
/// Done here, in watched code, so that sanitizers see what the copies touch.
inline void finish_async_copies(int left) {
  AsyncCopy copy;
  while (async_take(left, copy)) {
    auto* const to = static_cast<unsigned char*>(copy.to);
    const auto* const from = static_cast<const unsigned char*>(copy.from);
    for (unsigned i = 0; i < copy.size; ++i) to[i] = i < copy.copied ? from[i] : 0;
  }
}
}  // namespace cuda_emulation
