// What a few operations on bfloat16 need no arithmetic for.
#include "kernels/elementwise/bfloat16.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/bfloat16_bits.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

// As integers, positive numbers are those of 1 to 0x7f80, the infinity; NaN lie above.
void ReluGradient(const BFloat16* dy, const BFloat16* y, BFloat16* dx, std::int64_t n) {
  const hn::ScalableTag<std::int16_t> d;
  const auto from = reinterpret_cast<const std::int16_t*>(dy);
  const auto of = reinterpret_cast<const std::int16_t*>(y);
  const auto to = reinterpret_cast<std::int16_t*>(dx);
  const auto nan = hn::Set(d, std::int16_t{0x7f81});  // the least of them
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t count) HWY_ATTR {
    const auto v = simd::LoadN(d, of + i, count);
    const auto positive = hn::And(hn::Gt(v, hn::Zero(d)), hn::Lt(v, nan));
    simd::StoreN(hn::IfThenElseZero(positive, simd::LoadN(d, from + i, count)), d, to + i, count);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(ReluGradient);

bool binary_bfloat16_bits_applies(const BinaryShape& s) {
  return s.op == Binary::relu_gradient && s.rank == 1 && s.a[0] == 1 && s.b[0] == 1;
}

void binary_bfloat16_bits(const BFloat16* a, const BFloat16* b, BFloat16* y, const BinaryShape& s) {
  parallel_for(s.size(), 65536, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(ReluGradient)(a + first, b + first, y + first, last - first);
  });
}

}  // namespace keratin::kernels::cpu
#endif
