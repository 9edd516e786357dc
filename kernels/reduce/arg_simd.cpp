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

// The best of each lane and its place, as columns or as a row pass by. The smallest is sought as
// the largest of -x.
struct Best {
  V value;
  VI place;

  HWY_INLINE void meet(V v, VI at) {
    // Better is what is not <= and so, in particular, NaN; nothing is better than NaN.
    const auto better = hn::AndNot(hn::Le(v, value), hn::Eq(value, value));
    value = hn::IfThenElse(better, v, value);
    place = hn::IfThenElse(hn::RebindMask(DI(), better), at, place);
  }
};

HWY_INLINE V Signed(V v, bool largest) { return largest ? v : hn::Neg(v); }

HWY_INLINE std::int64_t ArgRow(const float* x, bool largest, std::int64_t n) {
  const D d;
  const DI di;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V none = hn::Set(d, largest ? -std::numeric_limits<float>::infinity()
                                    : std::numeric_limits<float>::infinity());
  VI at = hn::Iota(di, 0);
  Best best{Signed(simd::LoadNOr(none, d, x, n), largest), at};
  for (std::int64_t c = w; c < n; c += w) {
    at = hn::Add(at, hn::Set(di, static_cast<std::int32_t>(w)));
    best.meet(Signed(simd::LoadNOr(none, d, x + c, n - c), largest), at);
  }
  HWY_ALIGN float values[hn::MaxLanes(D())];
  HWY_ALIGN std::int32_t places[hn::MaxLanes(D())];
  hn::Store(best.value, d, values);
  hn::Store(best.place, di, places);
  std::int64_t lane = 0;
  for (std::int64_t l = 1; l < std::min(w, n); ++l) {
    const float v = values[l], b = values[lane];
    const bool tie = v == b || (v != v && b != b);
    if (tie ? places[l] < places[lane] : b == b && !(v <= b)) lane = l;
  }
  return places[lane];
}

void ArgRows(const float* x, std::int64_t* y, bool largest, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = ArgRow(x + r * n, largest, n);
}

// For columns 0 .. width - 1 of x[n, ...], whose rows lie `stride` apart.
void ArgColumns(const float* x, std::int64_t stride, std::int64_t* y, bool largest, std::int64_t n,
                std::int64_t width) {
  const D d;
  const DI di;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < width; c += w) {
    Best best{Signed(simd::LoadN(d, x + c, width - c), largest), hn::Zero(di)};
    for (std::int64_t r = 1; r < n; ++r) {
      best.meet(Signed(simd::LoadN(d, x + r * stride + c, width - c), largest),
                hn::Set(di, static_cast<std::int32_t>(r)));
    }
    HWY_ALIGN std::int32_t places[hn::MaxLanes(D())];
    hn::Store(best.place, di, places);
    std::copy_n(places, std::min(w, width - c), y + c);
  }
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
