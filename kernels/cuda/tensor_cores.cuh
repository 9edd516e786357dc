// Tensor cores: products of small matrices by a warp, and the loads of their operands. What element
// of a matrix lies in what register of what lane, the PTX ISA says; tests/cuda_emulation/
// tensor_cores.h repeats it.
#pragma once

#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

/// `count` matrices of 8 x 8 elements of 16 bits from shared memory (ldmatrix). Lane i gives the row
/// i % 8 of matrix i / 8, 16 bytes at a multiple of 16; register m gets two elements of matrix m, or
/// of its transpose. A row is 4 elements of 32 bits too, where nothing is transposed.
template <bool trans>
__device__ __forceinline__ void load_matrices(unsigned (&to)[4], const void* row) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::load_matrices<4, trans>(to, row);
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (trans) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at));
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at));
  }
#endif
}
template <bool trans>
__device__ __forceinline__ void load_matrices(unsigned (&to)[2], const void* row) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::load_matrices<2, trans>(to, row);
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (trans) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];\n"
                 : "=r"(to[0]), "=r"(to[1])
                 : "r"(at));
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];\n"
                 : "=r"(to[0]), "=r"(to[1])
                 : "r"(at));
  }
#endif
}
template <bool trans>
__device__ __forceinline__ void load_matrices(unsigned (&to)[1], const void* row) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::load_matrices<1, trans>(to, row);
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (trans) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];\n"
                 : "=r"(to[0])
                 : "r"(at));
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];\n" : "=r"(to[0]) : "r"(at));
  }
#endif
}

/// A word of shared memory that all lanes of a warp read together: the emulation counts conflicts of
/// banks.
__device__ __forceinline__ float load_shared(const float* at) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::note_load(at);
#endif
  return *at;
}

/// c [16, 8] += a [16, 16] b [16, 8], of bfloat16, sums in float32.
__device__ __forceinline__ void multiply_bf16(float (&c)[4], const unsigned (&a)[4],
                                              const unsigned (&b)[2]) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mma_bf16(c, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// c [16, 8] += a [16, 8] b [8, 8], of float32 whose lower 13 bits are ignored, sums in float32.
__device__ __forceinline__ void multiply_tf32(float (&c)[4], const unsigned (&a)[4],
                                              const unsigned (&b)[2]) {
#ifdef KERATIN_CUDA_EMULATION
  ::cuda_emulation::mma_tf32(c, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// Rounded to the 10 bits after the point that tf32 has, to nearest, ties away from zero. The lower
/// 13 bits may be anything.
__device__ __forceinline__ unsigned to_tf32(float x) {
#ifdef KERATIN_CUDA_EMULATION
  return ::cuda_emulation::to_tf32(x);
#else
  unsigned rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(x));
  return rounded;
#endif
}
/// A tf32 as a float32.
__device__ __forceinline__ float from_tf32(unsigned x) { return __uint_as_float(x & 0xffffe000U); }

}  // namespace keratin::kernels::cuda
