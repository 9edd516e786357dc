// The inner kernel of direct convolution: a tile of sums in registers over a list of segments, runs
// of products that lie one after the other in both operands. Include it inside a foreach_target
// source; it is compiled once a target.
//
// A tile has G groups of R rows: pixels of G rows of the output, or weights of G rows of the
// kernel. G is 1 but for narrow images and few channels, where one row would leave most registers
// empty.
#if defined(KERATIN_KERNELS_CONV2D_TILE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_CONV2D_TILE_H_
#undef KERATIN_KERNELS_CONV2D_TILE_H_
#else
#define KERATIN_KERNELS_CONV2D_TILE_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/conv2d/walk.h"
#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace conv2d {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using gemm::D;
using gemm::kLanes;
using gemm::kMaskedLoads;
using gemm::kMostRows;
using gemm::kSteps;
using gemm::kTileColumns;
using gemm::kTileRows;
using gemm::Order;
using gemm::PackAcross;
using gemm::PackAlong;
using gemm::V;

struct TileCall {
  const float* a;
  std::int64_t
      a_step;  // Order::rows: between rows, k contiguous; columns: between k, rows contiguous
  std::int64_t a_group;  // between groups of rows
  const float* b;
  std::int64_t b_step;  // between k
  const Segment* segments;
  std::int64_t segment_count;
  float* c;
  std::int64_t c_step, c_group;  // between rows, between groups
  std::int64_t columns;          // of C to write, 1 to NV vectors
  const float* bias;             // of the first column, or null
  bool relu, accumulate;
  // Is `a` read for the first time, and does the next tile's lie right behind it? Then that is asked
  // for too, a row with each row of C. Of one segment and one group of rows only.
  bool asks_next;
};

// Lines of C come from far and are all written at the end of a tile. 14 rows of them are asked for
// one by one, with a piece of so many products at least, as a burst would wait for them; segments of
// fewer than kLongSegment are not cut. The 6 rows of 16 registers are asked for at once: there
// pieces would cost a tenth to a third of a tile.
constexpr std::int64_t kPiece = 4, kLongSegment = 16;
constexpr bool kInPieces = kTileRows >= 12;

// Up to 5 rows are reached from one pointer: offsets 0 to 4 steps.
constexpr int kRowsOfPointer = 5;

template <int G, int R, int NV, Order kOrder, bool kMasked>
HWY_INLINE void Multiply(V (&sums)[G * R][NV], const float* HWY_RESTRICT a, std::int64_t a_step,
                         std::int64_t a_group, const float* HWY_RESTRICT b, std::int64_t b_step,
                         std::int64_t k, std::int64_t columns) {
  const D d;
  constexpr int kPointers =
      kOrder == Order::columns ? 1 : (R + kRowsOfPointer - 1) / kRowsOfPointer;
  constexpr int kRows = kOrder == Order::columns ? R : kRowsOfPointer;
  const float* p[G][kPointers];
  KERATIN_UNROLL
  for (int g = 0; g < G; ++g) {
    KERATIN_UNROLL
    for (int i = 0; i < kPointers; ++i) p[g][i] = a + g * a_group + i * kRowsOfPointer * a_step;
  }
  [[maybe_unused]] const auto mask =
      hn::FirstN(d, static_cast<std::size_t>(columns - (NV - 1) * kLanes));
  const std::int64_t advance = kOrder == Order::columns ? a_step : 1;
#pragma GCC unroll kSteps
  for (std::int64_t q = 0; q < k; ++q) {
    V row[NV];
    KERATIN_UNROLL
    for (int j = 0; j < NV; ++j) {
      if constexpr (kMasked && kMaskedLoads) {
        row[j] =
            j == NV - 1 ? hn::MaskedLoad(mask, d, b + j * kLanes) : hn::LoadU(d, b + j * kLanes);
      } else {
        row[j] = hn::LoadU(d, b + j * kLanes);
      }
    }
    KERATIN_UNROLL
    for (int g = 0; g < G; ++g) {
      KERATIN_UNROLL
      for (int r = 0; r < R; ++r) {
        const float* const from = p[g][r / kRows];
        const V value = hn::Set(d, from[r % kRows * (kOrder == Order::columns ? 1 : a_step)]);
        KERATIN_UNROLL
        for (int j = 0; j < NV; ++j) {
          sums[g * R + r][j] = hn::MulAdd(value, row[j], sums[g * R + r][j]);
        }
      }
    }
    KERATIN_UNROLL
    for (int g = 0; g < G; ++g) {
      KERATIN_UNROLL
      for (int i = 0; i < kPointers; ++i) p[g][i] += advance;
    }
    b += b_step;
  }
}

/// G x R rows and at most NV vectors of C. kMasked: B holds no more than `columns` columns.
template <int G, int R, int NV, Order kOrder, bool kMasked>
void Tile(const TileCall& call) {
  const D d;
  // Copies: a vector store may alias anything, so fields of `call` would be read again after each.
  float* HWY_RESTRICT const c = call.c;
  const float *const a = call.a, *const b = call.b;
  const std::int64_t c_step = call.c_step, c_group = call.c_group, columns = call.columns;
  const std::int64_t a_step = call.a_step, a_group = call.a_group, b_step = call.b_step;
  const bool relu = call.relu, accumulate = call.accumulate;
  [[maybe_unused]] const bool asks_next = call.asks_next;
  const std::int64_t in_last = columns - (NV - 1) * kLanes;
  const bool whole = in_last == kLanes;
  V sums[G * R][NV];
  KERATIN_UNROLL
  for (int j = 0; j < NV; ++j) {
    const V start = call.bias != nullptr
                        ? simd::LoadN(d, call.bias + j * kLanes, columns - j * kLanes)
                        : hn::Zero(d);
    KERATIN_UNROLL
    for (int i = 0; i < G * R; ++i) sums[i][j] = start;
  }
  const Segment* const end = call.segments + call.segment_count;
  if (kOrder == Order::rows && (kInPieces || asks_next)) {
    const float* wanted = c;  // a row of C
    int asked = 0;
    for (const Segment* s = call.segments; s < end; ++s) {
      if (s->k < kLongSegment) asked = G * R;
      const std::int64_t piece = std::max(kPiece, s->k / (G * R));
      for (std::int64_t k = 0; k < s->k;) {
        std::int64_t step = s->k - k;
        if (asked < G * R) {
          step = std::min(step, piece);
          __builtin_prefetch(wanted, 1);
          if constexpr (NV > 1) __builtin_prefetch(wanted + columns - 1, 1);
          if constexpr (G == 1) {
            const float* const next = a + (R + asked) * a_step;
            for (std::int64_t q = 0; asks_next && q < s->k; q += 16) {
              __builtin_prefetch(next + q, 0, 2);
            }
          }
          ++asked;
          wanted += asked % R == 0 ? c_group - (R - 1) * c_step : c_step;
        }
        Multiply<G, R, NV, kOrder, kMasked>(sums, a + s->a + k, a_step, a_group,
                                            b + s->b + k * b_step, b_step, step, columns);
        k += step;
      }
    }
  } else {
    if constexpr (kOrder == Order::rows) {  // sums of weights are near
      KERATIN_UNROLL
      for (int i = 0; i < G * R; ++i) {
        const float* const p = c + i / R * c_group + i % R * c_step;
        __builtin_prefetch(p, 1);
        if constexpr (NV > 1) __builtin_prefetch(p + columns - 1, 1);
      }
    }
    for (const Segment* s = call.segments; s < end; ++s) {
      Multiply<G, R, NV, kOrder, kMasked>(sums, a + s->a, a_step, a_group, b + s->b, b_step, s->k,
                                          columns);
    }
  }
  if (accumulate) {
    KERATIN_UNROLL
    for (int i = 0; i < G * R; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) {
        const float* const p = c + i / R * c_group + i % R * c_step + j * kLanes;
        sums[i][j] =
            hn::Add(sums[i][j], j < NV - 1 || whole ? hn::LoadU(d, p) : simd::LoadN(d, p, in_last));
      }
    }
  }
  if (relu) {
    KERATIN_UNROLL
    for (int i = 0; i < G * R; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < NV; ++j) {
        // Max would lose NaN on some targets.
        sums[i][j] = hn::IfThenZeroElse(hn::Lt(sums[i][j], hn::Zero(d)), sums[i][j]);
      }
    }
  }
  KERATIN_UNROLL
  for (int i = 0; i < G * R; ++i) {
    float* const p = c + i / R * c_group + i % R * c_step;
    KERATIN_UNROLL
    for (int j = 0; j < NV - 1; ++j) hn::StoreU(sums[i][j], d, p + j * kLanes);
    if (HWY_LIKELY(whole)) {
      hn::StoreU(sums[i][NV - 1], d, p + (NV - 1) * kLanes);
    } else {
      simd::StoreN(sums[i][NV - 1], d, p + (NV - 1) * kLanes, in_last);
    }
  }
}

using TileFn = void (*)(const TileCall&);

template <int G, int NV, Order kOrder, bool kMasked, int... kRow>
HWY_INLINE TileFn TileOf(std::int64_t rows, std::integer_sequence<int, kRow...>) {
  static constexpr TileFn kTiles[] = {&Tile<G, kRow + 1, NV, kOrder, kMasked>...};
  return kTiles[rows - 1];
}
/// The most rows of each of `groups` groups, 1 to kTileGroups.
constexpr int kTileGroups = 4;
template <int NV>
constexpr int GroupRows(std::int64_t groups) {
  return kMostRows<NV> / static_cast<int>(groups);
}
/// The tile of `groups` groups of `rows` rows.
template <int NV, Order kOrder, bool kMasked>
HWY_INLINE TileFn TileOf(std::int64_t groups, std::int64_t rows) {
  switch (groups) {
    case 1:
      return TileOf<1, NV, kOrder, kMasked>(rows,
                                            std::make_integer_sequence<int, GroupRows<NV>(1)>());
    case 2:
      return TileOf<2, NV, kOrder, kMasked>(rows,
                                            std::make_integer_sequence<int, GroupRows<NV>(2)>());
    case 3:
      return TileOf<3, NV, kOrder, kMasked>(rows,
                                            std::make_integer_sequence<int, GroupRows<NV>(3)>());
    default:
      return TileOf<4, NV, kOrder, kMasked>(rows,
                                            std::make_integer_sequence<int, GroupRows<NV>(4)>());
  }
}
/// How many groups of `rows` rows, of `left` in all, make a tile of at most `most` rows.
HWY_INLINE std::int64_t GroupsOf(std::int64_t rows, std::int64_t left,
                                 std::int64_t most = kTileRows) {
  return std::max<std::int64_t>(1, std::min<std::int64_t>({kTileGroups, left, most / rows}));
}

}  // namespace conv2d
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
