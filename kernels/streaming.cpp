#include "kernels/streaming.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/streaming.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

void StreamOut(const float* HWY_RESTRICT from, float* HWY_RESTRICT to, std::int64_t n,
               std::int64_t ahead, const float* next, const float* next2) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::uintptr_t past =
      reinterpret_cast<std::uintptr_t>(to) / sizeof(float) % static_cast<std::uintptr_t>(lanes);
  std::int64_t i = 0;
  if (past != 0) {  // up to a whole vector's place
    i = std::min(n, lanes - static_cast<std::int64_t>(past));
    simd::StoreN(simd::LoadN(d, from, i), d, to, i);
  }
  constexpr std::int64_t kLine = 16;  // floats
  const auto copy = [&](std::int64_t last) {
    for (; i + lanes <= last; i += lanes) hn::Stream(hn::LoadU(d, from + i), d, to + i);
  };
  for (std::int64_t asked = 0; asked < ahead; asked += kLine) {
    if (next != nullptr) hwy::Prefetch(next + asked);
    if (next2 != nullptr) hwy::Prefetch(next2 + asked);
    copy(std::min(n, asked + kLine));
  }
  copy(n);
  if (i < n) simd::StoreN(simd::LoadN(d, from + i, n - i), d, to + i, n - i);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels {
HWY_EXPORT(StreamOut);

void stream_out(const float* from, float* to, std::int64_t n, std::int64_t ahead, const float* next,
                const float* next2) {
  HWY_DYNAMIC_DISPATCH(StreamOut)(from, to, n, ahead, next, next2);
}
void finish_streaming() { hwy::FlushStream(); }

}  // namespace keratin::kernels
#endif
