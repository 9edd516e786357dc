// The inner kernel of the matrix product. Include it inside a foreach_target source, after
// kernels/simd.h; it is compiled once a target.
//
// A tile is up to kTileRows x (2 vectors) of C. Its sums stay in registers over all of k: each step
// reads two vectors of B and one element of A a row, and does 2 multiply-adds a row.
#if defined(KERATIN_KERNELS_GEMM_TILE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_GEMM_TILE_H_
#undef KERATIN_KERNELS_GEMM_TILE_H_
#else
#define KERATIN_KERNELS_GEMM_TILE_H_
#endif

#include <cstdint>
#include <utility>

#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace gemm {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
#if HWY_TARGET == HWY_SCALAR
constexpr std::int64_t kLanes = 1;
#else
constexpr std::int64_t kLanes = hn::MaxLanes(D());
#endif
constexpr std::int64_t kTileColumns = 2 * kLanes;
// 2 sums a row, 2 vectors of B and 1 of A in 32 registers (AVX-512, Arm) or 16.
// So small a tile as that of 16 does kSteps of k before it looks whether it is done.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
constexpr int kTileRows = 14, kSteps = 1;
#else
constexpr int kTileRows = 6, kSteps = 4;
#endif
// The most rows of a tile of NV vectors: with 16 registers 12 sums, as fewer wait for each other.
template <int NV>
constexpr int kMostRows = kTileRows < 12 && NV <= 3 ? 12 / NV : kTileRows;
// Columns that fill an odd number of vectors: with 16 registers 3 vectors take fewer loads for a
// product than 2 and 1.
constexpr bool kHasTripleTile = kTileRows < 12;
constexpr std::int64_t kTripleColumns = 3 * kLanes;
constexpr bool TakesTripleTile(std::int64_t columns) {
  const std::int64_t vectors = (columns + kLanes - 1) / kLanes;
  return kHasTripleTile && vectors >= 3 && vectors % 2 == 1;
}
// The most rows of a tile of up to three vectors.
constexpr std::int64_t MostTileRows(std::int64_t columns) {
  return columns <= kLanes ? kMostRows<1> : columns <= kTileColumns ? kMostRows<2> : kMostRows<3>;
}
// Partial vectors of B are read under a mask where that is cheap and safe; elsewhere B is packed.
constexpr bool kMaskedLoads = simd::kMasksLoads<float>;

/// How A lies for the tile. rows: row i at a + i * step, k contiguous.  columns: the k-th column at
/// a + k * step, rows contiguous.
enum class Order { rows, columns };

struct TileCall {
  const float* a;
  std::int64_t a_step;
  const float* b;  // the k-th row of the panel at b + k * b_step
  std::int64_t b_step;
  float* c;
  std::int64_t ldc;
  std::int64_t k;
  std::int64_t columns;  // of C to write, 1 to NV vectors
  const float* bias;     // of the first column, or null
  bool relu, accumulate;
  // What is wanted soon: with the k-th step the line at ahead + k * ahead_step is asked for, into
  // the cache behind the nearest. Null: nothing.
  const float* ahead;
  std::int64_t ahead_step;
  float* panel;  // with kCopies: B goes there on the way, [k][kTileColumns]
};

// sums += A B over k. Three pointers and offsets up to 4 steps reach 14 rows with 8 registers.
template <int MR, int NV, Order kOrder, bool kMasked, bool kCopies>
HWY_INLINE void Multiply(V (&sums)[MR][NV], const TileCall& call) {
  const D d;
  const float* HWY_RESTRICT a = call.a;
  const float* HWY_RESTRICT b = call.b;
  const std::int64_t a_step = call.a_step, b_step = call.b_step, k = call.k;
  // Asking for no address at all is slow: the processor looks for its page each time.
  const float* ahead = call.ahead != nullptr ? call.ahead : b;
  const std::int64_t ahead_step = call.ahead_step;
  [[maybe_unused]] float* HWY_RESTRICT panel = call.panel;
  const float* a5 = a + 5 * a_step;
  const float* a10 = a + 10 * a_step;
  [[maybe_unused]] const auto mask =
      hn::FirstN(d, static_cast<std::size_t>(call.columns - (NV - 1) * kLanes));
#pragma GCC unroll kSteps
  for (std::int64_t r = 0; r < k; ++r) {
    V row[NV];
    KERATIN_UNROLL
    for (int j = 0; j < NV; ++j) {
      if constexpr (kMasked && kMaskedLoads) {
        row[j] =
            j == NV - 1 ? hn::MaskedLoad(mask, d, b + j * kLanes) : hn::LoadU(d, b + j * kLanes);
      } else {
        row[j] = hn::LoadU(d, b + j * kLanes);
      }
      if constexpr (kCopies) hn::StoreU(row[j], d, panel + j * kLanes);
    }
    if constexpr (kCopies) panel += kTileColumns;
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) {
      const float* const x = kOrder == Order::columns ? a + i
                             : i < 5                  ? a + i * a_step
                             : i < 10                 ? a5 + (i - 5) * a_step
                                                      : a10 + (i - 10) * a_step;
      const V value = hn::Set(d, *x);
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) sums[i][j] = hn::MulAdd(value, row[j], sums[i][j]);
    }
    if constexpr (kOrder == Order::columns) {
      a += a_step;
    } else {
      ++a, ++a5, ++a10;
    }
    if constexpr (NV > 2) {  // few rows: B comes once, and each of its rows is one piece of memory
      constexpr int kRowsAhead = 8;
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) __builtin_prefetch(b + kRowsAhead * b_step + j * kLanes);
    }
    b += b_step;
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_step;
  }
}

/// MR rows and at most NV vectors of C. kMasked: B holds no more than `columns` columns.
template <int MR, int NV, Order kOrder, bool kMasked, bool kCopies>
void Tile(const TileCall& call) {
  const D d;
  // Copies: a vector store may alias anything, so fields of `call` would be read again after each.
  float* HWY_RESTRICT const c = call.c;
  const std::int64_t ldc = call.ldc, columns = call.columns;
  const bool relu = call.relu, accumulate = call.accumulate;
  // Its lines of C are wanted in the end, all at once.
  KERATIN_UNROLL
  for (int i = 0; i < MR; ++i) {
    __builtin_prefetch(c + i * ldc, 1);
    if constexpr (NV > 1) __builtin_prefetch(c + i * ldc + columns - 1, 1);
  }
  V sums[MR][NV];
  KERATIN_UNROLL
  for (int j = 0; j < NV; ++j) {
    const V start = call.bias != nullptr
                        ? simd::LoadN(d, call.bias + j * kLanes, columns - j * kLanes)
                        : hn::Zero(d);
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) sums[i][j] = start;
  }
  Multiply<MR, NV, kOrder, kMasked, kCopies>(sums, call);
  const std::int64_t in_last = columns - (NV - 1) * kLanes;
  const bool whole = in_last == kLanes;
  if (accumulate) {
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) {
        const float* const p = c + i * ldc + j * kLanes;
        sums[i][j] =
            hn::Add(sums[i][j], j < NV - 1 || whole ? hn::LoadU(d, p) : simd::LoadN(d, p, in_last));
      }
    }
  }
  if (relu) {
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) {
        // Max would lose NaN on some targets.
        sums[i][j] = hn::IfThenZeroElse(hn::Lt(sums[i][j], hn::Zero(d)), sums[i][j]);
      }
    }
  }
  if (HWY_LIKELY(whole)) {
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) hn::StoreU(sums[i][j], d, c + i * ldc + j * kLanes);
    }
  } else {
    KERATIN_UNROLL
    for (int i = 0; i < MR; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV - 1; ++j) hn::StoreU(sums[i][j], d, c + i * ldc + j * kLanes);
      simd::StoreN(sums[i][NV - 1], d, c + i * ldc + (NV - 1) * kLanes, in_last);
    }
  }
}

using TileFn = void (*)(const TileCall&);

template <int NV, Order kOrder, bool kMasked, bool kCopies, int... kRow>
HWY_INLINE TileFn TileOf(std::int64_t rows, std::integer_sequence<int, kRow...>) {
  static constexpr TileFn kTiles[] = {&Tile<kRow + 1, NV, kOrder, kMasked, kCopies>...};
  return kTiles[rows - 1];
}
/// The tile of `rows` rows, 1 to kMostRows<NV>.
template <int NV, Order kOrder, bool kMasked, bool kCopies = false>
HWY_INLINE TileFn TileOf(std::int64_t rows) {
  return TileOf<NV, kOrder, kMasked, kCopies>(rows,
                                              std::make_integer_sequence<int, kMostRows<NV>>());
}

#if HWY_TARGET != HWY_SCALAR
template <class DV, class VV>
HWY_INLINE auto SumOfBlocks(DV, VV v) {
  if constexpr (hn::MaxLanes(DV()) <= 4) {
    return v;
  } else {
    const hn::Half<DV> half;
    return SumOfBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
#endif

/// to[i] = the sum of all lanes of v[i], for four vectors.
HWY_INLINE void FoldFour(const V* v, float* to) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 4; ++i) to[i] = hn::GetLane(v[i]);
#else
  const D d;
  const hn::Repartition<double, D> pairs;
  // In each block of four lanes: a0 + a2, b0 + b2, a1 + a3, b1 + b3.
  const V ab = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const V ce = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto p = hn::BitCast(pairs, ab), q = hn::BitCast(pairs, ce);
  const V sums = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, p, q)),
                         hn::BitCast(d, hn::InterleaveUpper(pairs, p, q)));
  hn::StoreU(SumOfBlocks(d, sums), hn::FixedTag<float, 4>(), to);
#endif
}

/// Rows are cut into nearly equal tiles: 32 = 11 + 11 + 10, not 14 + 14 + 4.
constexpr std::int64_t TileCount(std::int64_t m, std::int64_t most = kTileRows) {
  return (m + most - 1) / most;
}
constexpr std::int64_t TileStart(std::int64_t m, std::int64_t tiles, std::int64_t tile) {
  return tile * m / tiles;
}

}  // namespace gemm
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
