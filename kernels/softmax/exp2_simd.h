// exp for softmax's rungs, as a power of two. Include inside a foreach_target source.
#if defined(KERATIN_KERNELS_SOFTMAX_EXP2_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_SOFTMAX_EXP2_SIMD_H_
#undef KERATIN_KERNELS_SOFTMAX_EXP2_SIMD_H_
#else
#define KERATIN_KERNELS_SOFTMAX_EXP2_SIMD_H_
#endif

#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

/// e^x for x <= 0; results below 2^-126 are 0, NaN stays NaN. With t = x / ln 2 rounded, the
/// relative error is 2e-7 + |x| 6e-8.
template <class D>
HWY_INLINE hn::Vec<D> ExpBelow(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto t = hn::Mul(x, hn::Set(d, 1.44269504088896341f));
  const auto tiny = hn::Lt(t, hn::Set(d, -126.0f));  // not NaN
  // 1.5 2^23 rounds to a whole number, and leaves it in the lowest bits, 127 more for the exponent.
  const auto magic = hn::Set(d, 12582912.0f + 127.0f);
  const auto shifted = hn::Add(t, magic);
  const auto r = hn::Sub(t, hn::Sub(shifted, magic));
  // 2^r for |r| <= 1/2, a minimax fit.
  auto p = hn::Set(d, 0x1.5bb9cep-10f);
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.3ceab4p-7f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.c6b754p-5f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.ebf9bcp-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 0x1.62e42ap-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  const auto power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  return hn::IfThenZeroElse(tiny, hn::Mul(p, power));
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
