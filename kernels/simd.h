// Vocabulary for Highway sources that older Highways lack, under its later names. Include it inside
// a foreach_target source, after <hwy/highway.h>; it is compiled once a target.
//
// A SIMD source has this form (kernels/softmax/simd.cpp is an example):
//
//   #undef HWY_TARGET_INCLUDE
//   #define HWY_TARGET_INCLUDE "kernels/softmax/simd.cpp"
//   #include <hwy/foreach_target.h>
//   #include <hwy/highway.h>
//   #include "kernels/simd.h"
//   HWY_BEFORE_NAMESPACE();
//   namespace keratin::kernels::cpu {
//   namespace HWY_NAMESPACE { namespace { void Softmax(...) {...} } }
//   }
//   HWY_AFTER_NAMESPACE();
//   #if HWY_ONCE
//   namespace keratin::kernels::cpu { HWY_EXPORT(Softmax); void softmax_simd(...) {
//   HWY_DYNAMIC_DISPATCH(Softmax)(...); } } #endif
//
// Write simd::ReduceSum(d, v), with the namespace: without it a later Highway's own function is
// found too.
#if defined(KERATIN_KERNELS_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_SIMD_H_
#undef KERATIN_KERNELS_SIMD_H_
#else
#define KERATIN_KERNELS_SIMD_H_
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

/// Before a loop over an array of vectors that must stay in registers: GCC and Clang unroll it
/// completely.
#ifndef KERATIN_UNROLL
#define KERATIN_UNROLL _Pragma("GCC unroll 32")
#endif
/// Of a lambda: what it is called with, such as the lanes that count, is known in it.
#ifndef KERATIN_INLINE
#define KERATIN_INLINE __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

constexpr bool kVectors = !(HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128);
/// Are parts of vectors of T read by one instruction that touches nothing past them? Where Highway
/// warns that masked accesses might fault, AVX2's of 4 and 8 bytes do not.
template <class T>
constexpr bool kMasksLoads = kVectors && (!HWY_MEM_OPS_MIGHT_FAULT ||
                                          (HWY_TARGET == HWY_AVX2 && sizeof(T) >= 4));
/// Written so? AVX2's instruction takes tens of operations on AMD's processors.
constexpr bool kMasksStores = kVectors && !HWY_MEM_OPS_MIGHT_FAULT;

/// The first `n` lanes, 0 < n < Lanes(d), to memory: by halves, quarters and so on.
template <class D>
HWY_INLINE void StorePart(D, hn::Vec<D> v, hn::TFromD<D>* HWY_RESTRICT p, std::int64_t n) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  HWY_ALIGN hn::TFromD<D> buffer[hn::MaxLanes(D())];
  hn::Store(v, D(), buffer);
  std::memcpy(p, buffer, static_cast<std::size_t>(n) * sizeof(buffer[0]));
#else
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    constexpr auto kHalf = static_cast<std::int64_t>(hn::MaxLanes(hn::Half<D>()));
    auto rest = hn::LowerHalf(half, v);
    if ((n & kHalf) != 0) {
      hn::StoreU(rest, half, p);
      p += kHalf;
      rest = hn::UpperHalf(half, v);
    }
    if constexpr (kHalf > 1) simd::StorePart(half, rest, p, n);
  }
#endif
}

/// The first `n` lanes from memory, `none` in the others. n may be anything from 0 to past the lane
/// count; nothing past p[n - 1] is read.
template <class D>
HWY_INLINE hn::Vec<D> LoadNOr(hn::Vec<D> none, D d, const hn::TFromD<D>* HWY_RESTRICT p,
                              std::int64_t n) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (HWY_LIKELY(n >= lanes)) return hn::LoadU(d, p);
  if (n <= 0) return none;
  if constexpr (kMasksLoads<hn::TFromD<D>>) {
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(n));
    return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, p), none);
  } else {
    HWY_ALIGN hn::TFromD<D> buffer[hn::MaxLanes(D())];
    hn::Store(none, d, buffer);
    std::memcpy(buffer, p, static_cast<std::size_t>(n) * sizeof(buffer[0]));
    return hn::Load(d, buffer);
  }
}

/// The first `n` lanes from memory, 0 in the others.
template <class D>
HWY_INLINE hn::Vec<D> LoadN(D d, const hn::TFromD<D>* HWY_RESTRICT p, std::int64_t n) {
  if constexpr (kMasksLoads<hn::TFromD<D>>) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    if (HWY_LIKELY(n >= lanes)) return hn::LoadU(d, p);
    if (n <= 0) return hn::Zero(d);
    return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(n)), d, p);
  } else {
    return simd::LoadNOr(hn::Zero(d), d, p, n);
  }
}

/// The first `n` lanes to memory; nothing past p[n - 1] is written.
template <class D>
HWY_INLINE void StoreN(hn::Vec<D> v, D d, hn::TFromD<D>* HWY_RESTRICT p, std::int64_t n) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (HWY_LIKELY(n >= lanes)) {
    hn::StoreU(v, d, p);
    return;
  }
  if (n <= 0) return;
  if constexpr (kMasksStores) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(n)), d, p);
  } else {
    simd::StorePart(d, v, p, n);
  }
}

/// f(first element, how many) for each vector of n elements: as many as there are lanes, which the
/// compiler sees, so that LoadN and StoreN have no tests to make; then once for what is left.
template <class D, class F>
HWY_INLINE void ForEachVector(D d, std::int64_t n, F f) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(i, lanes);
  if (i < n) f(i, n - i);
}

/// Sum, largest, smallest of all lanes.
template <class D>
HWY_INLINE hn::TFromD<D> ReduceSum(D d, hn::Vec<D> v) {
  return hn::GetLane(hn::SumOfLanes(d, v));
}
template <class D>
HWY_INLINE hn::TFromD<D> ReduceMax(D d, hn::Vec<D> v) {
  return hn::GetLane(hn::MaxOfLanes(d, v));
}
template <class D>
HWY_INLINE hn::TFromD<D> ReduceMin(D d, hn::Vec<D> v) {
  return hn::GetLane(hn::MinOfLanes(d, v));
}

/// Sum of f(first element, how many) over the vectors of n elements, four sums side by side; f gives
/// 0 in lanes past the last.
template <class D, class F>
HWY_INLINE hn::TFromD<D> SumOver(D d, std::int64_t n, F f) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<D> sums[4];
  KERATIN_UNROLL
  for (int i = 0; i < 4; ++i) sums[i] = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + 4 * lanes <= n; k += 4 * lanes) {
    KERATIN_UNROLL
    for (int i = 0; i < 4; ++i) sums[i] = hn::Add(sums[i], f(k + i * lanes, lanes));
  }
  for (; k < n; k += lanes) sums[0] = hn::Add(sums[0], f(k, n - k < lanes ? n - k : lanes));
  return simd::ReduceSum(d, hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3])));
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
