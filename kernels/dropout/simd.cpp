#include <algorithm>
#include <cmath>

#include "kernels/dropout/bfloat16.h"
#include "kernels/dropout/dropout.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout/simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/random/philox_simd.h"
#include "kernels/simd.h"
#include "kernels/simd_bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

// Elements first .. last - 1; first is a multiple of 4.
template <class T>
HWY_INLINE void DropoutElements(const T* x, T* y, const DropoutShape& s, std::int64_t first,
                                std::int64_t last) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto scale = hn::Set(d, static_cast<float>(s.rate < 1 ? 1 / (1 - s.rate) : 0));
  // unit_float(word) >= rate  <=>  word >> 8 > rate 2^24, rounded up, - 1: signed numbers will do
  const auto most = hn::Set(di, static_cast<std::int32_t>(std::ceil(s.rate * 0x1p24)) - 1);
  constexpr std::int64_t kChunk = 1024;
  HWY_ALIGN std::uint32_t words[kChunk + simd::kPhiloxMore];
  for (; first < last; first += kChunk) {
    const std::int64_t n = std::min(kChunk, last - first);
    for (std::int64_t i = 0; i < n; i += 64 / sizeof(T)) {  // comes in while the words are drawn
      hwy::Prefetch(x + first + i);
      if (y != x) hwy::Prefetch(y + first + i);
    }
    simd::PhiloxWords(s.key, static_cast<std::uint64_t>(first / 4), (n + 3) / 4, words);
    simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t left) HWY_ATTR {
      const auto word = hn::Load(hn::RebindToUnsigned<decltype(d)>(), words + i);
      const auto stays = hn::RebindMask(d, hn::Gt(hn::BitCast(di, hn::ShiftRight<8>(word)), most));
      const auto v = simd::LoadN(d, x + first + i, left);
      simd::StoreN(hn::IfThenElseZero(stays, hn::Mul(v, scale)), d, y + first + i, left);
    });
  }
}

void DropoutRange(const float* x, float* y, const DropoutShape& s, std::int64_t first,
                  std::int64_t last) {
  DropoutElements(x, y, s, first, last);
}
void DropoutBFloat16Range(const BFloat16* x, BFloat16* y, const DropoutShape& s, std::int64_t first,
                          std::int64_t last) {
  DropoutElements(x, y, s, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(DropoutRange);
HWY_EXPORT(DropoutBFloat16Range);

void dropout_simd(const float* x, float* y, const DropoutShape& s) {
  parallel_for(s.size, 16384, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(DropoutRange)(x, y, s, first, last);
  });
}
void dropout_bfloat16_simd(const BFloat16* x, BFloat16* y, const DropoutShape& s) {
  parallel_for(s.size, 16384, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(DropoutBFloat16Range)(x, y, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
