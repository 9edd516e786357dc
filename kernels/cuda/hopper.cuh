// What Hopper (compute capability 9.0) has and others have not: copies of boxes of a tensor by TMA,
// mbarriers that they report to, products by a warpgroup (wgmma), registers that one warpgroup
// leaves to another. Each instruction in a function; its twin is in tests/cuda_emulation/. nvcc
// compiles them for 90a only: kernels put what uses them between #ifdef KERATIN_HOPPER.
#pragma once

#include <cuda.h>

#include "kernels/cuda/device.cuh"

#if defined(KERATIN_CUDA_EMULATION) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define KERATIN_HOPPER 1
#endif

#ifdef KERATIN_HOPPER
#ifdef KERATIN_CUDA_EMULATION
#define KERATIN_EMULATED_HERE __builtin_FILE(), __builtin_LINE()
#endif

namespace keratin::kernels::cuda {

/// The address of shared memory as instructions take it.
__device__ __forceinline__ unsigned shared_address(const void* at) {
#ifdef KERATIN_CUDA_EMULATION
  return ::cuda_emulation::shared_address(at);
#else
  return static_cast<unsigned>(__cvta_generic_to_shared(at));
#endif
}

// An mbarrier goes from phase to phase, of parity 0, 1, 0 ...: a phase is complete when `count`
// threads have arrived and all bytes are there that were expected meanwhile.

__device__ __forceinline__ void init_mbarrier(std::uint64_t* barrier, unsigned count) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mbarrier_init(barrier, count, KERATIN_EMULATED_HERE);
#else
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(shared_address(barrier)),
               "r"(count)
               : "memory");
#endif
}

/// By who initialized mbarriers, before TMA reports to them; a barrier of the block must follow.
__device__ __forceinline__ void publish_mbarriers() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mbarrier_publish();
#else
  asm volatile("fence.mbarrier_init.release.cluster;\nfence.proxy.async;\n" ::: "memory");
#endif
}

__device__ __forceinline__ void arrive(std::uint64_t* barrier) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mbarrier_arrive(barrier, KERATIN_EMULATED_HERE);
#else
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(shared_address(barrier))
               : "memory");
#endif
}

/// Arrives, and lets the phase wait for so many bytes of TMA's.
__device__ __forceinline__ void arrive_and_expect(std::uint64_t* barrier, unsigned bytes) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mbarrier_expect(barrier, bytes, KERATIN_EMULATED_HERE);
  ::cuda_emulation::mbarrier_arrive(barrier, KERATIN_EMULATED_HERE);
#else
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(shared_address(barrier)),
      "r"(bytes)
      : "memory");
#endif
}

/// Waits until the phase of this parity is complete: the one that goes on, or the one before it. Of
/// a new mbarrier the phase before is one of parity 1.
__device__ __forceinline__ void wait_for_phase(std::uint64_t* barrier, unsigned parity) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mbarrier_wait(barrier, parity, KERATIN_EMULATED_HERE);
#else
  const unsigned at = shared_address(barrier);
  unsigned done = 0;
  while (done == 0) {
    asm volatile(
        "{\n.reg .pred done;\nmbarrier.try_wait.parity.shared::cta.b64 done, [%1], %2;\n"
        "selp.u32 %0, 1, 0, done;\n}\n"
        : "=r"(done)
        : "r"(at), "r"(parity)
        : "memory");
  }
#endif
}

/// Begins the copy of the box at (x, y, z) of a tensor of three dimensions, zeros where it ends; it
/// reports its bytes, all of the box, to `barrier`.
__device__ __forceinline__ void copy_box(void* to, const CUtensorMap& map, std::uint64_t* barrier,
                                         int x, int y, int z) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::copy_box(to, map, barrier, KERATIN_EMULATED_HERE, x, y, z);
#else
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%3, %4, %5}], [%2];\n" ::"r"(shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
      : "memory");
#endif
}

/// Asks for a tensor map ahead of its first copy.
__device__ __forceinline__ void prefetch_map([[maybe_unused]] const CUtensorMap& map) {
#ifndef KERATIN_CUDA_EMULATION
  asm volatile("prefetch.tensormap [%0];\n" ::"l"(&map) : "memory");
#endif
}

/// How many registers each thread of this warpgroup has from now on, a multiple of 8: fewer than the
/// launch gave them, or more, which others left.
template <int count>
__device__ __forceinline__ void leave_registers() {
  static_assert(count >= 24 && count <= 256 && count % 8 == 0);
#ifndef KERATIN_CUDA_EMULATION
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(count));
#endif
}
template <int count>
__device__ __forceinline__ void take_registers() {
  static_assert(count >= 24 && count <= 256 && count % 8 == 0);
#ifndef KERATIN_CUDA_EMULATION
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(count));
#endif
}

/// Where an operand of wgmma lies that TMA put into shared memory in rows of 128 bytes, swizzled.
/// stride: from eight rows to the next eight; leading: from what lies in one row to what lies in the
/// next box, where places lie together. All multiples of 16. Add 1 for each 16 bytes further on.
__device__ __forceinline__ std::uint64_t operand_descriptor(unsigned address, unsigned leading,
                                                            unsigned stride) {
  constexpr std::uint64_t kSwizzle128 = std::uint64_t{1} << 62;
  return (address & 0x3ffff) >> 4 | std::uint64_t{leading >> 4} << 16 |
         std::uint64_t{stride >> 4} << 32 | kSwizzle128;
}

/// Before the first product and after each wait: products see the registers as they are now.
__device__ __forceinline__ void fence_products() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::fence_products();
#else
  asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory");
#endif
}

/// Ends a group of products.
__device__ __forceinline__ void commit_products() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::commit_products();
#else
  asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory");
#endif
}

/// Waits for this warp's groups of products, all but the last `left`.
template <int left>
__device__ __forceinline__ void wait_for_products() {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::wait_for_products(left, KERATIN_EMULATED_HERE);
#else
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(left) : "memory");
#endif
}

#ifndef KERATIN_CUDA_EMULATION
#define KERATIN_REGISTERS_64                 \
  "%0, %1, %2, %3, %4, %5, %6, %7, "         \
  "%8, %9, %10, %11, %12, %13, %14, %15, "   \
  "%16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, " \
  "%40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, " \
  "%56, %57, %58, %59, %60, %61, %62, %63"
#define KERATIN_REGISTERS_128                        \
  KERATIN_REGISTERS_64                               \
  ", "                                               \
  "%64, %65, %66, %67, %68, %69, %70, %71, "         \
  "%72, %73, %74, %75, %76, %77, %78, %79, "         \
  "%80, %81, %82, %83, %84, %85, %86, %87, "         \
  "%88, %89, %90, %91, %92, %93, %94, %95, "         \
  "%96, %97, %98, %99, %100, %101, %102, %103, "     \
  "%104, %105, %106, %107, %108, %109, %110, %111, " \
  "%112, %113, %114, %115, %116, %117, %118, %119, " \
  "%120, %121, %122, %123, %124, %125, %126, %127"
#define KERATIN_SUMS_8(s, i)                                                                  \
  "+f"(s[i]), "+f"(s[i + 1]), "+f"(s[i + 2]), "+f"(s[i + 3]), "+f"(s[i + 4]), "+f"(s[i + 5]), \
      "+f"(s[i + 6]), "+f"(s[i + 7])
#define KERATIN_SUMS_32(s, i)                                                \
  KERATIN_SUMS_8(s, i), KERATIN_SUMS_8(s, i + 8), KERATIN_SUMS_8(s, i + 16), \
      KERATIN_SUMS_8(s, i + 24)
#endif

/// Begins sums [64, n] = A B, plus what they were where `keep`, n = 128 or 256: by a warpgroup, A
/// [64, k], B [k, n] where the descriptors say, 32 bytes of k; along_k: is k what lies together?
/// Products of bfloat16, or of float32 whose lower 13 bits are ignored, along k both. Sums as
/// mma.sync has them, 16 rows a warp. The whole warpgroup takes part.
template <class T, bool a_along_k, bool b_along_k>
__device__ __forceinline__ void multiply_async(float (&sums)[64], std::uint64_t a, std::uint64_t b,
                                               bool keep) {
  static_assert(sizeof(T) == 2 || (sizeof(T) == 4 && a_along_k && b_along_k));
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::multiply_async(sums, 128, sizeof(T), a, b, a_along_k, b_along_k, keep,
                                   KERATIN_EMULATED_HERE);
#else
  if constexpr (sizeof(T) == 2) {
    asm volatile(
        "{\n.reg .pred keep;\nsetp.ne.b32 keep, %66, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {" KERATIN_REGISTERS_64
        "}, %64, %65, keep, 1, 1, %67, %68;\n}\n"
        : KERATIN_SUMS_32(sums, 0), KERATIN_SUMS_32(sums, 32)
        : "l"(a), "l"(b), "r"(keep ? 1 : 0), "n"(a_along_k ? 0 : 1), "n"(b_along_k ? 0 : 1));
  } else {
    asm volatile(
        "{\n.reg .pred keep;\nsetp.ne.b32 keep, %66, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k8.f32.tf32.tf32 {" KERATIN_REGISTERS_64
        "}, %64, %65, keep, 1, 1;\n}\n"
        : KERATIN_SUMS_32(sums, 0), KERATIN_SUMS_32(sums, 32)
        : "l"(a), "l"(b), "r"(keep ? 1 : 0));
  }
#endif
}
template <class T, bool a_along_k, bool b_along_k>
__device__ __forceinline__ void multiply_async(float (&sums)[128], std::uint64_t a, std::uint64_t b,
                                               bool keep) {
  static_assert(sizeof(T) == 2 || (sizeof(T) == 4 && a_along_k && b_along_k));
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::multiply_async(sums, 256, sizeof(T), a, b, a_along_k, b_along_k, keep,
                                   KERATIN_EMULATED_HERE);
#else
  if constexpr (sizeof(T) == 2) {
    asm volatile(
        "{\n.reg .pred keep;\nsetp.ne.b32 keep, %130, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {" KERATIN_REGISTERS_128
        "}, %128, %129, keep, 1, 1, %131, %132;\n}\n"
        : KERATIN_SUMS_32(sums, 0), KERATIN_SUMS_32(sums, 32), KERATIN_SUMS_32(sums, 64),
          KERATIN_SUMS_32(sums, 96)
        : "l"(a), "l"(b), "r"(keep ? 1 : 0), "n"(a_along_k ? 0 : 1), "n"(b_along_k ? 0 : 1));
  } else {
    asm volatile(
        "{\n.reg .pred keep;\nsetp.ne.b32 keep, %130, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n256k8.f32.tf32.tf32 {" KERATIN_REGISTERS_128
        "}, %128, %129, keep, 1, 1;\n}\n"
        : KERATIN_SUMS_32(sums, 0), KERATIN_SUMS_32(sums, 32), KERATIN_SUMS_32(sums, 64),
          KERATIN_SUMS_32(sums, 96)
        : "l"(a), "l"(b), "r"(keep ? 1 : 0));
  }
#endif
}

}  // namespace keratin::kernels::cuda

#undef KERATIN_REGISTERS_64
#undef KERATIN_REGISTERS_128
#undef KERATIN_SUMS_8
#undef KERATIN_SUMS_32
#undef KERATIN_EMULATED_HERE
#endif
