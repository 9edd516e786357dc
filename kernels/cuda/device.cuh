// What device code needs beyond CUDA itself, so that the same source also compiles as C++ and runs
// under the emulation in tests/cuda_emulation/: shared memory, launches, and PTX, each instruction
// in a function.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#ifdef KERATIN_CUDA_EMULATION

/// KERATIN_SHARED(float, tile, [32][33]);
#define KERATIN_SHARED(type, name, dimensions)    \
  static const char name##_key = 0;               \
  using name##_type = type dimensions;            \
  name##_type& name = *static_cast<name##_type*>( \
      ::cuda_emulation::shared_variable(&name##_key, sizeof(name##_type)))
/// The launch's dynamic shared memory, 16-byte aligned: type* name.
#define KERATIN_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(::cuda_emulation::dynamic_shared())
#define KERATIN_RAW_LAUNCH(kernel, grid, block, shared, stream, ...) \
  ::cuda_emulation::launch(#kernel, kernel, grid, block, shared, stream, __VA_ARGS__)

#else

#define KERATIN_SHARED(type, name, dimensions) __shared__ type name dimensions
#define KERATIN_DYNAMIC_SHARED(type, name)                      \
  extern __shared__ __align__(16) unsigned char name##_bytes[]; \
  type* const name = reinterpret_cast<type*>(name##_bytes)
#define KERATIN_RAW_LAUNCH(kernel, grid, block, shared, stream, ...) \
  kernel<<<grid, block, shared, stream>>>(__VA_ARGS__)

#endif

namespace keratin::kernels::cuda {

/// Copies 16 bytes from global to shared memory without passing through registers; only the first
/// `copied` are read, zeros follow. Both addresses are 16-byte aligned.
__device__ __forceinline__ void copy_async_16(void* to, const void* from, unsigned copied = 16) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::begin_async_copy(to, from, 16, copied);
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(at), "l"(from), "r"(copied));
#endif
}

/// Ends a group of asynchronous copies.
__device__ __forceinline__ void commit_async() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::async_commit();
#else
  asm volatile("cp.async.commit_group;\n");
#endif
}

/// Waits for this thread's groups, all but the last `left`.
template <int left>
__device__ __forceinline__ void wait_async() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::finish_async_copies(left);
#else
  asm volatile("cp.async.wait_group %0;\n" ::"n"(left));
#endif
}

}  // namespace keratin::kernels::cuda
