// Philox in every lane, for this room and dropout's. Include inside a foreach_target source.
#if defined(KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#undef KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#else
#define KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#endif

#include <hwy/highway.h>

#include "kernels/random/philox.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

using PhiloxTag = hn::ScalableTag<std::uint32_t>;
using PhiloxVec = hn::Vec<PhiloxTag>;

/// The upper and the lower halves of the 64-bit products of the lanes of a and b. Multiplication
/// takes even lanes only, so the odd ones come down for a second one.
HWY_INLINE void MulHighLow(PhiloxVec a, PhiloxVec b, PhiloxVec& high, PhiloxVec& low) {
  const PhiloxTag d;
  const hn::RepartitionToWide<PhiloxTag> wide;
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
}

/// Lane l: the four words of block `first + l`.
HWY_INLINE void PhiloxBlocks(PhiloxKey key, std::uint64_t first, PhiloxVec& c0, PhiloxVec& c1,
                             PhiloxVec& c2, PhiloxVec& c3) {
  const PhiloxTag d;
  const auto set = [&](std::uint64_t word)
                       HWY_ATTR { return hn::Set(d, static_cast<std::uint32_t>(word)); };
  const PhiloxVec m0 = set(0xD2511F53), m1 = set(0xCD9E8D57);
  c0 = hn::Add(set(first), hn::Iota(d, 0));
  c1 = set(first >> 32);
  const std::uint64_t before_carry = (std::uint64_t{1} << 32) - static_cast<std::uint32_t>(first);
  if (HWY_UNLIKELY(before_carry < hn::Lanes(d))) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(before_carry));
    c1 = hn::IfThenElse(mask, c1, set((first >> 32) + 1));
  }
  c2 = set(key.stream);
  c3 = set(key.stream >> 32);
  auto k0 = static_cast<std::uint32_t>(key.seed), k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    PhiloxVec high0, low0, high1, low1;
    MulHighLow(c0, m0, high0, low0);
    MulHighLow(c2, m1, high1, low1);
    c0 = hn::Xor(hn::Xor(high1, c1), set(k0));
    c2 = hn::Xor(hn::Xor(high0, c3), set(k1));
    c1 = low1;
    c3 = low0;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
}

/// Words 4 first .. 4 (first + blocks) - 1 of a stream, and up to a vector of blocks more: `words`
/// has room for blocks rounded up to lanes.
HWY_INLINE void PhiloxWords(PhiloxKey key, std::uint64_t first, std::int64_t blocks,
                            std::uint32_t* HWY_RESTRICT words) {
  const PhiloxTag d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t b = 0; b < blocks; b += w) {
    PhiloxVec c0, c1, c2, c3;
    PhiloxBlocks(key, first + static_cast<std::uint64_t>(b), c0, c1, c2, c3);
    hn::StoreInterleaved4(c0, c1, c2, c3, d, words + 4 * b);
  }
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
