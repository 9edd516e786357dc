// float32 to bfloat16 and back, in vectors.
#include "kernels/cast/cast.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cast/bfloat16.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"
#include "kernels/simd_bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

template <class From, class To>
HWY_INLINE void Convert(const From* HWY_RESTRICT x, To* HWY_RESTRICT y, std::int64_t n) {
  const hn::ScalableTag<float> d;
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    simd::StoreN(simd::LoadN(d, x + i, count), d, y + i, count);
  });
}
void Narrow(const float* x, BFloat16* y, std::int64_t n) { Convert(x, y, n); }
void Widen(const BFloat16* x, float* y, std::int64_t n) { Convert(x, y, n); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Narrow);
HWY_EXPORT(Widen);

void cast_to_bfloat16_simd(const float* x, BFloat16* y, const CastShape& s) {
  parallel_for(s.size, 65536, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Narrow)(x + first, y + first, last - first);
  });
}

void cast_from_bfloat16_simd(const BFloat16* x, float* y, const CastShape& s) {
  parallel_for(s.size, 65536, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Widen)(x + first, y + first, last - first);
  });
}

}  // namespace keratin::kernels::cpu
#endif
