#include <algorithm>
#include <limits>

#include "kernels/parallel.h"
#include "kernels/reduce/reduce.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/arg_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using VI = hn::Vec<DI>;

// The smallest is sought as the largest of -x.
HWY_INLINE V Signed(V v, bool largest) { return largest ? v : hn::Neg(v); }

// First the value, then, in a row that is now in the cache, its place.
HWY_INLINE std::int64_t ArgRow(const float* x, bool largest, std::int64_t n) {
  const D d;
  const V lowest = hn::Set(d, -std::numeric_limits<float>::infinity()),
          none = Signed(lowest, largest);
  V best = lowest;
  auto no_nan = hn::Eq(best, best);
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    const V v = Signed(simd::LoadNOr(none, d, x + c, left), largest);
    best = hn::Max(best, v);
    no_nan = hn::And(no_nan, hn::Eq(v, v));
  });
  const bool clean = hn::AllTrue(d, no_nan);
  const V value = hn::MaxOfLanes(d, best);
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < n; c += w) {
    const V v = Signed(simd::LoadNOr(none, d, x + c, n - c), largest);
    const auto found = clean ? hn::Eq(v, value) : hn::IsNaN(v);
    if (const auto lane = hn::FindFirstTrue(d, found); lane >= 0) return c + lane;
  }
  return 0;  // not reached: the value is in the row
}

void ArgRows(const float* x, std::int64_t* y, bool largest, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = ArgRow(x + r * n, largest, n);
}

// The best of each lane and its place as rows pass by, for `kVectors` vectors of columns from c on.
template <int kVectors>
HWY_INLINE void ArgBlock(const float* x, std::int64_t stride, std::int64_t* y, bool largest,
                         std::int64_t n, std::int64_t left) {
  const D d;
  const DI di;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  V best[kVectors];
  VI place[kVectors];
  KERATIN_UNROLL
  for (int k = 0; k < kVectors; ++k) {
    best[k] = Signed(simd::LoadN(d, x + k * w, left - k * w), largest);
    place[k] = hn::Zero(di);
  }
  for (std::int64_t r = 1; r < n; ++r) {
    const VI at = hn::Set(di, static_cast<std::int32_t>(r));
    KERATIN_UNROLL
    for (int k = 0; k < kVectors; ++k) {
      const V v = Signed(simd::LoadN(d, x + r * stride + k * w, left - k * w), largest);
      // Better is what is not <= and so, in particular, NaN; nothing is better than NaN.
      const auto better = hn::AndNot(hn::Le(v, best[k]), hn::Eq(best[k], best[k]));
      best[k] = hn::IfThenElse(better, v, best[k]);
      place[k] = hn::IfThenElse(hn::RebindMask(di, better), at, place[k]);
    }
  }
  HWY_ALIGN std::int32_t places[kVectors * hn::MaxLanes(D())];
  for (int k = 0; k < kVectors; ++k) hn::Store(place[k], di, places + k * w);
  std::copy_n(places, std::min(kVectors * w, left), y);
}

// For columns 0 .. width - 1 of x[n, ...], whose rows lie `stride` apart.
void ArgColumns(const float* x, std::int64_t stride, std::int64_t* y, bool largest, std::int64_t n,
                std::int64_t width) {
  const auto w = static_cast<std::int64_t>(hn::Lanes(D()));
  std::int64_t c = 0;
  for (; c + 4 * w <= width; c += 4 * w) ArgBlock<4>(x + c, stride, y + c, largest, n, 4 * w);
  for (; c < width; c += w) ArgBlock<1>(x + c, stride, y + c, largest, n, width - c);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(ArgRows);
HWY_EXPORT(ArgColumns);

bool arg_reduce_simd_applies(const ArgReduceShape& s) {
  return s.reduced <= std::numeric_limits<std::int32_t>::max();
}

void arg_reduce_simd(const float* x, std::int64_t* y, const ArgReduceShape& s) {
  if (s.inner == 1) {
    return parallel_for(s.outer, grain_for(s.reduced), [&](std::int64_t first, std::int64_t last) {
      HWY_DYNAMIC_DISPATCH(ArgRows)
      (x + first * s.reduced, y + first, s.largest, last - first, s.reduced);
    });
  }
  constexpr std::int64_t kWidth = 256;
  const std::int64_t across = (s.inner + kWidth - 1) / kWidth;
  parallel_for(s.outer * across, grain_for(s.reduced * std::min(kWidth, s.inner)),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const std::int64_t o = i / across, column = i % across * kWidth;
                   HWY_DYNAMIC_DISPATCH(ArgColumns)
                   (x + o * s.reduced * s.inner + column, s.inner, y + o * s.inner + column,
                    s.largest, s.reduced, std::min(kWidth, s.inner - column));
                 }
               });
}

}  // namespace keratin::kernels::cpu
#endif
