// Pieces of softmax on one row of floats, for this room and cross-entropy's. Include inside a
// foreach_target source.
#if defined(KERATIN_KERNELS_SOFTMAX_ROW_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_SOFTMAX_ROW_SIMD_H_
#undef KERATIN_KERNELS_SOFTMAX_ROW_SIMD_H_
#else
#define KERATIN_KERNELS_SOFTMAX_ROW_SIMD_H_
#endif

#include <hwy/highway.h>

#include <limits>

#include "kernels/simd.h"
#include "kernels/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {

/// The largest of a row; NaN if one is.
HWY_INLINE float RowMax(const float* HWY_RESTRICT x, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const auto none = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto max = none, nan = hn::Zero(d);  // x - x is NaN for NaN and +-inf; x != x for NaN only
  for (std::int64_t c = 0; c < n; c += w) {
    const auto v = simd::LoadNOr(none, d, x + c, n - c);
    max = hn::Max(max, v);
    nan = hn::IfThenElse(hn::IsNaN(v), v, nan);
  }
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(nan, nan))))
    return std::numeric_limits<float>::quiet_NaN();
  return simd::ReduceMax(d, max);
}

/// Sum of exp(x - max); with kStore the summands go to y.
template <bool kStore>
HWY_INLINE float RowExpSum(const float* x, float* y, float max, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const auto none = hn::Set(d, -std::numeric_limits<float>::infinity()), m = hn::Set(d, max);
  auto sum = hn::Zero(d);
  for (std::int64_t c = 0; c < n; c += w) {
    const auto e = Exp(d, hn::Sub(simd::LoadNOr(none, d, x + c, n - c), m));
    if constexpr (kStore) simd::StoreN(e, d, y + c, n - c);
    // Past the end: exp(-inf) = 0, but -inf - max is NaN where max is an infinity of its own.
    sum = hn::Add(sum, n - c >= w
                           ? e
                           : hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(n - c)), e));
  }
  return simd::ReduceSum(d, sum);
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
