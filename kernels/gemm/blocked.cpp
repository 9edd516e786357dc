// The textbook's three loops in blocks: a block of op(B) is copied to where it stays in the cache,
// and the innermost loop runs along a row of it and a row of C, which a compiler can vectorise.
#include <algorithm>

#include "kernels/gemm/gemm.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kRows = 32, kColumns = 128, kDepth = 128;

// C[i0:i1, j0:j1], all of K.
template <class T>
void block(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s, std::int64_t i0,
           std::int64_t i1, std::int64_t j0, std::int64_t j1, T* copy) {
  const std::int64_t width = j1 - j0;
  for (std::int64_t i = i0; i < i1; ++i) {
    for (std::int64_t j = j0; j < j1; ++j) {
      T& start = c[i * s.ldc + j];
      start = (s.accumulate ? start : T(0)) + (e.bias != nullptr ? e.bias[j] : T(0));
    }
  }
  for (std::int64_t r0 = 0; r0 < s.k; r0 += kDepth) {
    const std::int64_t r1 = std::min(s.k, r0 + kDepth);
    for (std::int64_t r = r0; r < r1; ++r) {
      for (std::int64_t j = j0; j < j1; ++j) {
        copy[(r - r0) * width + j - j0] = s.trans_b ? b[j * s.ldb + r] : b[r * s.ldb + j];
      }
    }
    for (std::int64_t i = i0; i < i1; ++i) {
      T* const row = c + i * s.ldc + j0;
      for (std::int64_t r = r0; r < r1; ++r) {
        const T x = s.trans_a ? a[r * s.lda + i] : a[i * s.lda + r];
        const T* const y = copy + (r - r0) * width;
        for (std::int64_t j = 0; j < width; ++j) row[j] += x * y[j];
      }
    }
  }
  if (e.activation == Activation::linear) return;
  for (std::int64_t i = i0; i < i1; ++i) {
    for (std::int64_t j = j0; j < j1; ++j) {
      T& value = c[i * s.ldc + j];
      if (value < 0) value = 0;
    }
  }
}

}  // namespace

template <class T>
void gemm_blocked(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s) {
  const std::int64_t down = (s.m + kRows - 1) / kRows, across = (s.n + kColumns - 1) / kColumns;
  const std::int64_t work = std::min(s.m, kRows) * std::min(s.n, kColumns) * s.k;
  parallel_for(s.batch * down * across, grain_for(work),
               [&](std::int64_t first, std::int64_t last) {
                 const Scratch copy(static_cast<std::size_t>(kDepth * kColumns) * sizeof(T));
                 for (std::int64_t item = first; item < last; ++item) {
                   const std::int64_t q = item / (down * across), i0 = item / across % down * kRows,
                                      j0 = item % across * kColumns;
                   block(a + q * s.stride_a, b + q * s.stride_b, c + q * s.stride_c, e, s, i0,
                         std::min(s.m, i0 + kRows), j0, std::min(s.n, j0 + kColumns), copy.as<T>());
                 }
               });
}

template void gemm_blocked(const float*, const float*, float*, const Epilogue<float>&,
                           const GemmShape&);
template void gemm_blocked(const double*, const double*, double*, const Epilogue<double>&,
                           const GemmShape&);

}  // namespace keratin::kernels::cpu
