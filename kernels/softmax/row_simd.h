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

/// The largest of a row without NaN; some number where there is one: what follows is NaN anyway.
HWY_INLINE float RowMax(const float* HWY_RESTRICT x, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const auto none = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto max = none;
  ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    max = hn::Max(max, LoadNOr(none, d, x + c, left));
  });
  return ReduceMax(d, max);
}

/// Sum of exp(x - max), where results below 2^-126 are 0; with kStore the summands go to y.
template <bool kStore>
HWY_INLINE float RowExpSum(const float* x, float* y, float max, std::int64_t n) {
  const hn::ScalableTag<float> d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const auto m = hn::Set(d, max);
  auto sum = hn::Zero(d);
  ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    auto e = ExpNegative(d, hn::Sub(LoadNOr(m, d, x + c, left), m));
    if constexpr (kStore) StoreN(e, d, y + c, left);
    if (left < w) e = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(left)), e);
    sum = hn::Add(sum, e);
  });
  return simd::ReduceSum(d, sum);
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
