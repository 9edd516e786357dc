// bfloat16 in memory, float32 in vectors. Include it inside a foreach_target source, after
// kernels/simd.h; it is compiled once a target.
#if defined(KERATIN_KERNELS_SIMD_BFLOAT16_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_SIMD_BFLOAT16_H_
#undef KERATIN_KERNELS_SIMD_BFLOAT16_H_
#else
#define KERATIN_KERNELS_SIMD_BFLOAT16_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

#include "kernels/bfloat16.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

/// The first `n` of them as float32, 0 in other lanes; nothing past p[n - 1] is read.
template <class D>
HWY_INLINE hn::Vec<D> LoadN(D d, const BFloat16* HWY_RESTRICT p, std::int64_t n) {
  const hn::Rebind<std::uint16_t, D> half;
  const hn::RebindToUnsigned<D> bits;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(bits, simd::LoadN(half, &p->bits, n))));
}

/// The first `n` lanes, rounded to nearest, ties to even; a NaN stays one. Nothing past p[n - 1] is
/// written.
template <class D>
HWY_INLINE void StoreN(hn::Vec<D> v, [[maybe_unused]] D d, BFloat16* HWY_RESTRICT p,
                       std::int64_t n) {
  const hn::Rebind<std::uint16_t, D> half;
  const hn::RebindToUnsigned<D> unsigned_bits;
  const hn::RebindToSigned<D> signed_bits;
  const auto bits = hn::BitCast(unsigned_bits, v), upper = hn::ShiftRight<16>(bits);
  const auto odd = hn::And(upper, hn::Set(unsigned_bits, 1));
  const auto rounded = hn::ShiftRight<16>(
      hn::Add(hn::Add(bits, odd), hn::Set(unsigned_bits, std::uint32_t{0x7fff})));
  const auto quiet = hn::Or(upper, hn::Set(unsigned_bits, std::uint32_t{0x40}));
  const auto is_number = hn::RebindMask(unsigned_bits, hn::Eq(v, v));
  const auto result = hn::IfThenElse(is_number, rounded, quiet);
  // At most 0xffff: nothing saturates.
  simd::StoreN(hn::DemoteTo(half, hn::BitCast(signed_bits, result)), half, &p->bits, n);
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
