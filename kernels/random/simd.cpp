#include <algorithm>
#include <cmath>

#include "kernels/parallel.h"
#include "kernels/random/element.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <hwy/contrib/math/math-inl.h>

#include "kernels/random/philox_simd.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using DD = hn::ScalableTag<double>;
using DF = hn::Rebind<float, DD>;         // as many floats as a vector has doubles
using DI = hn::Rebind<std::int32_t, DD>;  // ... and words

// Elements first .. last - 1; first is a multiple of 4.
void UniformRange(float* y, const RandomShape& s, std::int64_t first, std::int64_t last) {
  const DD d;
  const DF df;
  const DI di;
  const hn::RebindToUnsigned<DI> du;
  const auto low = hn::Set(d, s.low), high = hn::Set(d, s.high),
             width = hn::Set(d, (s.high - s.low) * 0x1p-24);
  const auto least = hn::PromoteTo(d, hn::Set(df, static_cast<float>(s.low)));
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr std::int64_t kChunk = 1024;
  HWY_ALIGN std::uint32_t words[kChunk + simd::kPhiloxMore];
  for (; first < last; first += kChunk) {
    const std::int64_t n = std::min(kChunk, last - first);
    simd::PhiloxWords(s.key, static_cast<std::uint64_t>(first / 4), (n + 3) / 4, words);
    for (std::int64_t i = 0; i < n; i += w) {
      const auto bits = hn::BitCast(di, hn::ShiftRight<8>(hn::Load(du, words + i)));
      const auto x = hn::MulAdd(hn::PromoteTo(d, bits), width, low);
      const auto rounded = hn::PromoteTo(d, hn::DemoteTo(df, x));  // and must not reach `high`
      const auto below = hn::IfThenElse(hn::Lt(rounded, high), rounded, least);
      simd::StoreN(hn::DemoteTo(df, below), df, y + first + i, n - i);
    }
  }
}

// The lower halves of two words as a number in [0, 1) of 53 bits.
HWY_INLINE hn::Vec<DD> UnitDouble(simd::PhiloxVec high, simd::PhiloxVec low) {
  const DD d;
  const auto bits = hn::Or(hn::ShiftRight<11>(hn::ShiftLeft<32>(high)),
                           hn::ShiftRight<43>(hn::ShiftLeft<32>(low)));
  const auto whole = hn::ConvertTo(d, hn::BitCast(hn::RebindToSigned<simd::PhiloxTag>(), bits));
  return hn::Mul(whole, hn::Set(d, 0x1p-53));
}

void NormalRange(float* y, const RandomShape& s, std::int64_t first, std::int64_t last) {
  const DD d;
  const DF df;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr int kVectors = 2;
  HWY_ALIGN float numbers[kVectors * hn::MaxLanes(DD())];
  for (; first < last; first += kVectors * w) {
    const simd::PhiloxBlocks<kVectors> blocks(s.key, static_cast<std::uint64_t>(first));
    KERATIN_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const auto u = UnitDouble(blocks.c0[v], blocks.c1[v]);
      const auto angle =
          hn::Mul(UnitDouble(blocks.c2[v], blocks.c3[v]), hn::Set(d, 6.283185307179586));
      const auto log = hn::Log(d, hn::Sub(hn::Set(d, 1.0), u));  // 1 - u is exact
      const auto x = hn::Mul(hn::Sqrt(hn::Mul(log, hn::Set(d, -2.0))), hn::Cos(d, angle));
      hn::Store(hn::DemoteTo(df, x), df, numbers + v * w);
    }
    const std::int64_t n = std::min(kVectors * w, last - first);
    for (std::int64_t i = 0; i < n; ++i) {
      // At the edge and past it, where there is another draw, the reference decides.
      const bool redraw =
          s.distribution == Distribution::truncated_normal && !(std::fabs(numbers[i]) < 1.99999f);
      y[first + i] = redraw ? random_element<float>(s, first + i) : numbers[i];
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(UniformRange);
HWY_EXPORT(NormalRange);

void random_simd(float* y, const RandomShape& s) {
  const bool uniform = s.distribution == Distribution::uniform;
  parallel_for(s.size, uniform ? 16384 : 4096, [&](std::int64_t first, std::int64_t last) {
    if (uniform) return HWY_DYNAMIC_DISPATCH(UniformRange)(y, s, first, last);
    HWY_DYNAMIC_DISPATCH(NormalRange)(y, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
