// A few columns where A is transposed, such as a classifier's weight gradient, computed turned:
// C^T = op(B)^T A. The vectors run along the rows of C, which lie side by side in A, so that no
// lane is idle; the tile's rows are the columns of C. A strip of C^T is turned when it is written.
// Rows of A lie far apart, and may fall into a few sets of a cache: some of them at a time, the next
// strip's are asked for meanwhile.
#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/turned.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

constexpr std::int64_t kDepth = 128, kStrips = 64;  // of k, and of strips at a time

std::int64_t StripRows() { return kTileColumns; }

// C[row0 : row0 + rows] from its strip of C^T, [n][kTileColumns].
void WriteTurned(const float* strip, const GemmShape& s, const Epilogue<float>& e,
                 std::int64_t row0, std::int64_t rows, float* c) {
  const bool relu = e.activation == Activation::relu;
  for (std::int64_t i = 0; i < rows; ++i) {
    float* const to = c + (row0 + i) * s.ldc;
    for (std::int64_t j = 0; j < s.n; ++j) {
      float y = strip[j * kTileColumns + i] + (e.bias != nullptr ? e.bias[j] : 0.0F);
      if (s.accumulate) y += to[j];
      to[j] = relu && y < 0 ? 0.0F : y;
    }
  }
}

template <Order kOrder>
void SomeStrips(const float* a, const float* b, float* c, const Epilogue<float>& e,
                const GemmShape& s, float* strips, std::int64_t first, std::int64_t last) {
  const std::int64_t tiles = TileCount(s.n), depths = (s.k + kDepth - 1) / kDepth;
  for (std::int64_t depth = 0; depth < depths; ++depth) {
    const std::int64_t k0 = depth * s.k / depths;
    TileCall call{};
    call.k = (depth + 1) * s.k / depths - k0;
    call.a_step = s.ldb;
    call.ldc = kTileColumns;
    call.accumulate = depth > 0;
    for (std::int64_t item = first; item < last; ++item) {
      const std::int64_t row0 = item * kTileColumns, rows = std::min(kTileColumns, s.m - row0);
      float* const strip = strips + (item - first) * s.n * kTileColumns;
      call.columns = rows;
      call.b = a + k0 * s.lda + row0;
      call.b_step = s.lda;
      call.ahead = item + 1 < last ? call.b + kTileColumns : nullptr;
      call.ahead_step = call.ahead != nullptr ? s.lda : 0;
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t column = TileStart(s.n, tiles, tile);
        const std::int64_t columns = TileStart(s.n, tiles, tile + 1) - column;
        call.a = kOrder == Order::rows ? b + column * s.ldb + k0 : b + k0 * s.ldb + column;
        call.c = strip + column * kTileColumns;
        const TileFn run = rows <= kLanes        ? TileOf<1, kOrder, true>(columns)
                           : rows < kTileColumns ? TileOf<2, kOrder, true>(columns)
                                                 : TileOf<2, kOrder, false>(columns);
        run(call);
        call.ahead = nullptr;
        call.ahead_step = 0;
      }
      if (depth == depths - 1) WriteTurned(strip, s, e, row0, rows, c);
    }
  }
}

template <Order kOrder>
void Strips(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
            std::int64_t first, std::int64_t last) {
  const FloatScratch strips(std::min(last - first, kStrips) * s.n * kTileColumns);
  for (; first < last; first += kStrips) {
    SomeStrips<kOrder>(a, b, c, e, s, strips.data(), first, std::min(last, first + kStrips));
  }
}

void Turned(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
            std::int64_t first, std::int64_t last) {
  const auto run = s.trans_b ? Strips<Order::rows> : Strips<Order::columns>;
  run(a, b, c, e, s, first, last);
}

bool ReadsParts() { return kMaskedLoads; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(ReadsParts);
HWY_EXPORT(StripRows);
HWY_EXPORT(Turned);

bool gemm_turned_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  const std::int64_t strip = HWY_DYNAMIC_DISPATCH(StripRows)();
  const std::int64_t lanes = strip / 2;
  return s.batch == 1 && s.trans_a && s.n >= 1 && s.n <= kTurnedColumns && s.k >= 8 &&
         s.n * ((s.m + lanes - 1) / lanes) < s.m &&  // fewer multiply-adds of vectors
         (s.m % strip == 0 || HWY_DYNAMIC_DISPATCH(ReadsParts)());
}

void gemm_turned(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  // One column is a row of few_rows: c^T = b^T A, wide tiles along the rows of A.
  if (s.n == 1 && s.ldc == 1 && e.bias == nullptr && (s.trans_b || s.ldb == 1)) {
    GemmShape row = gemm_shape(1, s.m, s.k);
    row.ldb = s.lda;
    row.accumulate = s.accumulate;
    if (gemm_few_rows_applies(row)) return gemm_few_rows(b, a, c, e, row);
  }
  const std::int64_t strip = HWY_DYNAMIC_DISPATCH(StripRows)();
  const std::int64_t grain = grain_for(strip * s.n * s.k, kPieceWork);
  parallel_for((s.m + strip - 1) / strip, grain, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Turned)(a, b, c, e, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
