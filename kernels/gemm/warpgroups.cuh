// The matrix product of kernels/cuda/warpgroup_product.cuh, in C's layout.
#pragma once

#include "kernels/cuda/warpgroup_product.cuh"
#include "kernels/gemm/tensor.cuh"

namespace keratin::kernels::cuda {

/// C in pieces of eight columns, accesses of 16 bytes where all begin at multiples of it.
template <class T>
struct WideMatrixOut : MatrixOut<T> {
  using Eight = Several<T, 8>;
  bool wide;

  WideMatrixOut(T* c, const Epilogue<T>& e, const GemmShape& s)
      : MatrixOut<T>(c, e, s),
        wide(is_aligned<Eight>(c) && is_aligned<Eight>(e.bias) && s.ldc * sizeof(T) % 16 == 0 &&
             (s.batch == 1 || s.stride_c * sizeof(T) % 16 == 0)) {}

  /// Columns j to j + 7 of row i; j is a multiple of 8.
  __device__ __forceinline__ void store_eight(std::int64_t i, std::int64_t j,
                                              float (&sums)[4][2]) const {
    if (i >= this->m || j >= this->n) return;
    T* const at = this->c + i * this->ldc + j;
    const std::int64_t count = this->n - j;  // of these columns that there are, or more
    Eight eight{};
    if (this->accumulate) {
      load(eight, at, count);
#pragma unroll
      for (int e = 0; e < 8; ++e) sums[e / 2][e % 2] += widened(eight.at[e]);
    }
    if (this->bias != nullptr) {
      load(eight, this->bias + j, count);
#pragma unroll
      for (int e = 0; e < 8; ++e) sums[e / 2][e % 2] += widened(eight.at[e]);
    }
#pragma unroll
    for (int e = 0; e < 8; ++e) {
      const float sum = sums[e / 2][e % 2];
      eight.at[e] = narrowed<T>(this->relu && sum < 0 ? 0 : sum);  // NaN stays
    }
    if (wide && count >= 8) {
      *reinterpret_cast<Eight*>(at) = eight;
    } else {
#pragma unroll
      for (int e = 0; e < 8; ++e)
        if (e < count) at[e] = eight.at[e];
    }
  }

 private:
  __device__ __forceinline__ void load(Eight& to, const T* from, std::int64_t count) const {
    if (wide && count >= 8) {
      to = *reinterpret_cast<const Eight*>(from);
    } else {
#pragma unroll
      for (int e = 0; e < 8; ++e)
        if (e < count) to.at[e] = from[e];
    }
  }
};

/// May TMA read operands of this shape? A k of 1 or more, rows a multiple of 16 bytes apart, in a
/// batch matrices a multiple of rows.
template <class T>
bool operands_can_be_mapped(const GemmShape& s) {
  const auto can_be = [&](std::int64_t ld, std::int64_t stride) {
    return ld >= 1 && ld * sizeof(T) % 16 == 0 && (s.batch <= 1 || stride % ld == 0);
  };
  return s.k >= 1 && can_be(s.lda, s.stride_a) && can_be(s.ldb, s.stride_b);
}

template <class T>
struct MappedOperands {
  MappedMatrices<T> a, b;

  MappedOperands(const T* a_, const T* b_, const GemmShape& s)
      : a(matrices(a_, s.trans_a, s.m, s.k, s.lda, s.stride_a, s.batch)),
        b(matrices(b_, s.trans_b, s.k, s.n, s.ldb, s.stride_b, s.batch)) {}
  bool can_be_mapped() const { return a.can_be_mapped() && b.can_be_mapped(); }

 private:
  static MappedMatrices<T> matrices(const T* at, bool turned, std::int64_t rows,
                                    std::int64_t columns, std::int64_t ld, std::int64_t stride,
                                    std::int64_t batch) {
    if (turned) std::swap(rows, columns);
    return {at, rows, columns, ld, batch, batch == 1 ? 0 : stride};
  }
};

}  // namespace keratin::kernels::cuda
