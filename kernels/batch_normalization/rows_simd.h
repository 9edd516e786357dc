// Walks over rows of floats. Include inside a foreach_target source.
#if defined(KERATIN_KERNELS_BATCH_NORMALIZATION_ROWS_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_BATCH_NORMALIZATION_ROWS_SIMD_H_
#undef KERATIN_KERNELS_BATCH_NORMALIZATION_ROWS_SIMD_H_
#else
#define KERATIN_KERNELS_BATCH_NORMALIZATION_ROWS_SIMD_H_
#endif

#include <hwy/highway.h>

#include <type_traits>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

template <int kRows>
using RowCount = std::integral_constant<int, kRows>;

/// f(RowCount, first row, column, columns left) for each vector of each kRows rows of n, 4 or 1, then
/// of each single row. Four: memory is read in four long runs, and what is kept by column is touched
/// once for four.
template <int kRows = 4, class F>
HWY_INLINE void ForEachRows(std::int64_t n, std::int64_t width, F f) {
  const hn::ScalableTag<float> d;
  const auto each = [&](auto count, std::int64_t r) HWY_ATTR KERATIN_INLINE {
    simd::ForEachVector(d, width, [&](std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
      f(count, r, c, left);
    });
  };
  std::int64_t r = 0;
  for (; r + kRows <= n; r += kRows) each(RowCount<kRows>(), r);
  for (; r < n; ++r) each(RowCount<1>(), r);
}

/// term(0) + ... + term(kRows - 1)
template <int kRows, class F>
HWY_INLINE auto SumOfRows(RowCount<kRows>, F term) {
  if constexpr (kRows == 4) {
    return hn::Add(hn::Add(term(0), term(1)), hn::Add(term(2), term(3)));
  } else {
    return term(0);
  }
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
