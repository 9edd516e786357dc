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

constexpr std::int64_t kChunk = 1024;
constexpr std::size_t kMaxLanes = hn::MaxLanes(simd::PhiloxTag());

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
  HWY_ALIGN std::uint32_t words[kChunk + 4 * kMaxLanes];
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

// Two words as a number in [0, 1) of 53 bits.
HWY_INLINE hn::Vec<DD> UnitDouble(const std::uint32_t* high, const std::uint32_t* low) {
  const DD d;
  const DI di;
  const hn::RebindToUnsigned<DI> du;
  // Only signed words become doubles: half the range is taken off and put back.
  const auto upper = hn::BitCast(di, hn::Xor(hn::Load(du, high), hn::Set(du, 0x80000000u)));
  const auto lower = hn::BitCast(di, hn::ShiftRight<11>(hn::Load(du, low)));
  return hn::MulAdd(hn::Add(hn::PromoteTo(d, upper), hn::Set(d, 0x1p31)), hn::Set(d, 0x1p-32),
                    hn::Mul(hn::PromoteTo(d, lower), hn::Set(d, 0x1p-53)));
}

void NormalRange(float* y, const RandomShape& s, std::int64_t first, std::int64_t last) {
  const DD d;
  const DF df;
  const simd::PhiloxTag dw;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d)),
             blocks = static_cast<std::int64_t>(hn::Lanes(dw));
  HWY_ALIGN std::uint32_t words[4][kMaxLanes];
  HWY_ALIGN float numbers[kMaxLanes];
  for (; first < last; first += blocks) {
    simd::PhiloxVec c0, c1, c2, c3;
    simd::PhiloxBlocks(s.key, static_cast<std::uint64_t>(first), c0, c1, c2, c3);
    hn::Store(c0, dw, words[0]);
    hn::Store(c1, dw, words[1]);
    hn::Store(c2, dw, words[2]);
    hn::Store(c3, dw, words[3]);
    for (std::int64_t i = 0; i < blocks; i += w) {
      const auto u = UnitDouble(words[0] + i, words[1] + i),
                 v = UnitDouble(words[2] + i, words[3] + i);
      const auto log = hn::Log(d, hn::Sub(hn::Set(d, 1.0), u));  // 1 - u is exact
      const auto angle = hn::Mul(v, hn::Set(d, 6.283185307179586));
      const auto x = hn::Mul(hn::Sqrt(hn::Mul(log, hn::Set(d, -2.0))), hn::Cos(d, angle));
      hn::Store(hn::DemoteTo(df, x), df, numbers + i);
    }
    const std::int64_t n = std::min(blocks, last - first);
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
