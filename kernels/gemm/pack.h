// Copies operands of the matrix product into panels, in the order in which the tile reads them.
// Include it as tile.h is.
#if defined(KERATIN_KERNELS_GEMM_PACK_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_GEMM_PACK_H_
#undef KERATIN_KERNELS_GEMM_PACK_H_
#else
#define KERATIN_KERNELS_GEMM_PACK_H_
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace gemm {

/// A panel is [k][width], `count` of the width taken from an operand and the rest zeros.
/// Across: the operand's rows are the panel's (B as it lies, A transposed).
inline void PackAcross(const float* HWY_RESTRICT from, std::int64_t ld, std::int64_t k,
                       std::int64_t count, std::int64_t width, float* HWY_RESTRICT to) {
  const D d;
  for (std::int64_t r = 0; r < k; ++r, from += ld, to += width) {
    for (std::int64_t j = 0; j < width; j += kLanes) {
      simd::StoreN(simd::LoadN(d, from + j, count - j), d, to + j, width - j);
    }
  }
}

/// The same for a tile's rows, no more of them than kTileRows: what a vector holds too much, the
/// next rows cover.
inline void PackAcrossTile(const float* HWY_RESTRICT from, std::int64_t ld, std::int64_t k,
                           std::int64_t rows, float* HWY_RESTRICT to) {
  if constexpr (kTileRows > kLanes) {
    PackAcross(from, ld, k, rows, rows, to);
  } else {
    const D d;
    std::int64_t r = 0;
    for (; (k - r) * rows >= kLanes; ++r, from += ld, to += rows) {
      hn::StoreU(simd::LoadN(d, from, rows), d, to);
    }
    for (; r < k; ++r, from += ld, to += rows)
      simd::StoreN(simd::LoadN(d, from, rows), d, to, rows);
  }
}

#if HWY_TARGET != HWY_SCALAR
/// Blocks of four lanes, each from a row of its own, `ld` apart: n floats of it, 1 to 4.
template <class DV>
HWY_INLINE hn::Vec<DV> LoadBlocks(DV d, const float* from, std::int64_t ld, std::int64_t n) {
  if constexpr (hn::MaxLanes(DV()) == 4) {
    return simd::LoadN(d, from, n);
  } else {
    const hn::Half<DV> half;
    return hn::Combine(d, LoadBlocks(half, from + hn::MaxLanes(half) / 4 * ld, ld, n),
                       LoadBlocks(half, from, ld, n));
  }
}

/// Lanes(d) rows of n floats, 1 to 4, `ld` apart, transposed: to n rows, `width` apart. A block of
/// four lanes is a row of 4 x 4; shuffles inside the blocks transpose all of them at once.
template <class DV>
HWY_INLINE void TransposeFour(DV d, const float* HWY_RESTRICT from, std::int64_t ld, std::int64_t n,
                              float* HWY_RESTRICT to, std::int64_t width) {
  const hn::Repartition<double, DV> pairs;
  const auto v0 = LoadBlocks(d, from, 4 * ld, n), v1 = LoadBlocks(d, from + ld, 4 * ld, n);
  const auto v2 = LoadBlocks(d, from + 2 * ld, 4 * ld, n);
  const auto v3 = LoadBlocks(d, from + 3 * ld, 4 * ld, n);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v0, v1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v2, v3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
  if (n == 1) return;
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + width);
  if (n == 2) return;
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v0, v1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v2, v3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * width);
  if (n == 3) return;
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * width);
}

/// `count` rows, at least Lanes(d); the last block overlaps its neighbour.
template <class DV>
HWY_INLINE void TransposeRows(DV d, const float* HWY_RESTRICT from, std::int64_t ld, std::int64_t k,
                              std::int64_t count, float* HWY_RESTRICT to, std::int64_t width) {
  constexpr auto kRows = static_cast<std::int64_t>(hn::MaxLanes(DV()));
  const auto all = [&](std::int64_t r, std::int64_t n) HWY_ATTR {
    for (std::int64_t j = 0; j < count; j += kRows) {
      const std::int64_t column = j + kRows <= count ? j : count - kRows;
      TransposeFour(d, from + column * ld + r, ld, n, to + r * width + column, width);
    }
  };
  std::int64_t r = 0;
  for (; r + 4 <= k; r += 4) all(r, 4);
  if (r < k) all(r, k - r);
}
#endif

/// Along: the operand's rows are the panel's columns (A as it lies, B transposed).
inline void PackAlong(const float* HWY_RESTRICT from, std::int64_t ld, std::int64_t k,
                      std::int64_t count, std::int64_t width, float* HWY_RESTRICT to) {
#if HWY_TARGET != HWY_SCALAR
  if (count >= kLanes) {
    TransposeRows(D(), from, ld, k, count, to, width);
  } else if (kLanes > 8 && count >= 8) {
    TransposeRows(hn::FixedTag<float, HWY_MIN(8, kLanes)>(), from, ld, k, count, to, width);
  } else if (count >= 4) {
    TransposeRows(hn::FixedTag<float, 4>(), from, ld, k, count, to, width);
  } else
#endif
  {
    for (std::int64_t r = 0; r < k; ++r) {
      for (std::int64_t j = 0; j < count; ++j) to[r * width + j] = from[j * ld + r];
    }
  }
  if (count == width) return;
  for (std::int64_t r = 0; r < k; ++r) {
    std::memset(to + r * width + count, 0, static_cast<std::size_t>(width - count) * sizeof(float));
  }
}

}  // namespace gemm
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
