#include "kernels/cuda/warpgroup_product.cuh"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/tensor.cuh"

namespace keratin::kernels::cuda {

/// C in pieces of eight columns, one access each where all begin at multiples of 16 bytes.
struct WideMatrixOut : MatrixOut<BFloat16> {
  using Eight = Several<BFloat16, 8>;
  bool wide;

  WideMatrixOut(BFloat16* c, const Epilogue<BFloat16>& e, const GemmShape& s)
      : MatrixOut(c, e, s),
        wide(is_aligned<Eight>(c) && is_aligned<Eight>(e.bias) && s.ldc % 8 == 0 &&
             (s.batch == 1 || s.stride_c % 8 == 0)) {}

  /// Columns j to j + 7 of row i; j is a multiple of 8.
  __device__ __forceinline__ void store_eight(std::int64_t i, std::int64_t j,
                                              float (&sums)[4][2]) const {
    if (i >= m || j >= n) return;
    BFloat16* const at = c + i * ldc + j;
    const std::int64_t count = n - j;  // of these columns that there are, or more
    Eight eight{};
    if (accumulate) {
      load(eight, at, count);
#pragma unroll
      for (int e = 0; e < 8; ++e) sums[e / 2][e % 2] += widened(eight.at[e]);
    }
    if (bias != nullptr) {
      load(eight, bias + j, count);
#pragma unroll
      for (int e = 0; e < 8; ++e) sums[e / 2][e % 2] += widened(eight.at[e]);
    }
#pragma unroll
    for (int e = 0; e < 8; ++e) {
      const float sum = sums[e / 2][e % 2];
      eight.at[e] = narrowed<BFloat16>(relu && sum < 0 ? 0 : sum);  // NaN stays
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
  __device__ __forceinline__ void load(Eight& to, const BFloat16* from, std::int64_t count) const {
    if (wide && count >= 8) {
      to = *reinterpret_cast<const Eight*>(from);
    } else {
#pragma unroll
      for (int e = 0; e < 8; ++e)
        if (e < count) to.at[e] = from[e];
    }
  }
};

bool gemm_bfloat16_wgmma_applies(const GemmShape& s) {
  const auto can_be_mapped = [&](std::int64_t ld, std::int64_t stride) {
    return ld >= 8 && ld % 8 == 0 && (s.batch <= 1 || stride % ld == 0);
  };
  return s.k >= 1 && can_be_mapped(s.lda, s.stride_a) && can_be_mapped(s.ldb, s.stride_b);
}

void gemm_bfloat16_wgmma(const BFloat16* a, const BFloat16* b, BFloat16* c,
                         const Epilogue<BFloat16>& e, const GemmShape& s, const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const auto matrices = [&](const BFloat16* at, bool turned, std::int64_t rows,
                            std::int64_t columns, std::int64_t ld, std::int64_t stride) {
    if (turned) std::swap(rows, columns);
    return MappedMatrices{at, rows, columns, ld, s.batch, s.batch == 1 ? 0 : stride};
  };
  const auto left = matrices(a, s.trans_a, s.m, s.k, s.lda, s.stride_a),
             right = matrices(b, s.trans_b, s.k, s.n, s.ldb, s.stride_b);
  if (!left.can_be_mapped() || !right.can_be_mapped())
    return gemm_bfloat16_mma(a, b, c, e, s, stream);
  const WideMatrixOut out(c, e, s);
  const std::string text = "gemm: " + s.text();
  if (s.trans_a && s.trans_b) {
    warpgroup_product<false, true>(left, right, out, s.batch, text, stream);
  } else if (s.trans_a) {
    warpgroup_product<false, false>(left, right, out, s.batch, text, stream);
  } else if (s.trans_b) {
    warpgroup_product<true, true>(left, right, out, s.batch, text, stream);
  } else {
    warpgroup_product<true, false>(left, right, out, s.batch, text, stream);
  }
}

}  // namespace keratin::kernels::cuda
