// Philox in every lane, for this room and dropout's. Include inside a foreach_target source.
#if defined(KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#undef KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#else
#define KERATIN_KERNELS_RANDOM_PHILOX_SIMD_H_
#endif

#include <hwy/highway.h>

#include "kernels/random/philox.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

// A word of the counter in the lower half of each lane; the upper half holds anything, since the
// multiplication takes lower halves only. So a product's upper word comes down with one shift, and
// its lower word is there already.
using PhiloxTag = hn::ScalableTag<std::uint64_t>;
using PhiloxVec = hn::Vec<PhiloxTag>;

/// 64-bit products of the lower halves.
HWY_INLINE PhiloxVec Product(PhiloxVec a, PhiloxVec b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(PhiloxTag(), (hn::GetLane(a) & 0xFFFFFFFF) * hn::GetLane(b));
#else
  const hn::Repartition<std::uint32_t, PhiloxTag> half;
  return hn::MulEven(hn::BitCast(half, a), hn::BitCast(half, b));
#endif
}

/// Blocks first, first + 1 ... one a lane, `kVectors` vectors of them at once, so that one works
/// while another waits.
template <int kVectors>
struct PhiloxBlocks {
  PhiloxVec c0[kVectors], c1[kVectors], c2[kVectors], c3[kVectors];

  HWY_INLINE PhiloxBlocks(PhiloxKey key, std::uint64_t first) {
    const PhiloxTag d;
    const PhiloxVec m0 = hn::Set(d, 0xD2511F53), m1 = hn::Set(d, 0xCD9E8D57);
    KERATIN_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      c0[v] =
          hn::Add(hn::Set(d, first + static_cast<std::uint64_t>(v) * hn::Lanes(d)), hn::Iota(d, 0));
      c1[v] = hn::ShiftRight<32>(c0[v]);
      c2[v] = hn::Set(d, key.stream);
      c3[v] = hn::ShiftRight<32>(c2[v]);
    }
    std::uint64_t k0 = key.seed, k1 = key.seed >> 32;
    KERATIN_UNROLL
    for (int round = 0; round < 10; ++round) {
      const PhiloxVec key0 = hn::Set(d, k0), key1 = hn::Set(d, k1);
      KERATIN_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const PhiloxVec p0 = Product(c0[v], m0), p1 = Product(c2[v], m1);
        c0[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1[v]), key0);
        c2[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3[v]), key1);
        c1[v] = p1;
        c3[v] = p0;
      }
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
  }

  /// The words of two vectors side by side: the first in the lower half of each lane.
  static HWY_INLINE PhiloxVec Joined(PhiloxVec low, PhiloxVec high) {
    return hn::Or(hn::And(low, hn::Set(PhiloxTag(), 0xFFFFFFFF)), hn::ShiftLeft<32>(high));
  }
};

/// Words 4 first .. 4 (first + blocks) - 1 of a stream, and some more: `words` has room for
/// kPhiloxMore past them.
constexpr std::int64_t kPhiloxVectors = 2;
constexpr std::int64_t kPhiloxMore =
    4 * kPhiloxVectors * static_cast<std::int64_t>(hn::MaxLanes(PhiloxTag()));
HWY_INLINE void PhiloxWords(PhiloxKey key, std::uint64_t first, std::int64_t blocks,
                            std::uint32_t* HWY_RESTRICT words) {
  const PhiloxTag d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  auto* to = reinterpret_cast<std::uint64_t*>(words);
  for (std::int64_t b = 0; b < blocks; b += kPhiloxVectors * w) {
    using Blocks = PhiloxBlocks<kPhiloxVectors>;
    const Blocks s(key, first + static_cast<std::uint64_t>(b));
    KERATIN_UNROLL
    for (int v = 0; v < kPhiloxVectors; ++v, to += 2 * w) {
      hn::StoreInterleaved2(Blocks::Joined(s.c0[v], s.c1[v]), Blocks::Joined(s.c2[v], s.c3[v]), d,
                            to);
    }
  }
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
