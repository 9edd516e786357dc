// A tile of sums in registers, run over A and B as they lie. A panel of B is copied where B is
// transposed, since the vectors run along its columns, and where its rows lie far apart.
#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_GEMM_PLAN_
#define KERATIN_KERNELS_GEMM_PLAN_
namespace keratin::kernels::cpu {
namespace {
// How the output is cut: items are (product, panel of columns, chunk of row tiles).
struct Plan {
  std::int64_t panels, chunks, items, grain;
  std::int64_t scratch;  // floats a thread needs for a packed panel
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

// Panels of two vectors; the last one may have three.
std::int64_t Panels(std::int64_t n) {
  return TakesTripleTile(n) ? n / kTileColumns : (n + kTileColumns - 1) / kTileColumns;
}

std::int64_t Tiles(const GemmShape& s, std::int64_t columns) {
  return TileCount(s.m, MostTileRows(columns));
}

template <Order kOrder>
TileFn TileOf(std::int64_t columns, std::int64_t rows) {
  if (columns <= kLanes) return gemm::TileOf<1, kOrder, true>(rows);
  if (columns < kTileColumns) return gemm::TileOf<2, kOrder, true>(rows);
  if constexpr (kHasTripleTile) {
    if (columns > kTileColumns) {
      return columns == kTripleColumns ? gemm::TileOf<3, kOrder, false>(rows)
                                       : gemm::TileOf<3, kOrder, true>(rows);
    }
  }
  return gemm::TileOf<2, kOrder, false>(rows);
}

// Rows of B on a page each: what all tiles of rows read is worth copying then.
bool RowsLieFarApart(const GemmShape& s) { return s.m > kTileRows && s.ldb >= 256 && s.k >= 128; }

Plan MakePlan(const GemmShape& s) {
  Plan plan{};
  plan.panels = Panels(s.n);
  const std::int64_t widest = std::min(s.n, TakesTripleTile(s.n) ? kTripleColumns : kTileColumns);
  const std::int64_t tiles = Tiles(s, widest), width = (s.n + plan.panels - 1) / plan.panels;
  // Up to 16 tiles of rows share a panel while it is in the cache. Where there are few panels,
  // chunks are shorter, for more threads; not so where each chunk packs its panel again.
  const std::int64_t tile_work = std::max<std::int64_t>(1, kTileRows * width * s.k);
  std::int64_t longest = 16;
  const bool packs = s.trans_b || RowsLieFarApart(s);
  if (!packs) longest = std::clamp<std::int64_t>(kPieceWork / tile_work, 1, 16);
  plan.chunks = (tiles + longest - 1) / longest;
  plan.items = s.batch * plan.panels * plan.chunks;
  const std::int64_t item_work =
      std::max<std::int64_t>(1, s.m / std::max<std::int64_t>(1, plan.chunks) * width * s.k);
  plan.grain = grain_for(item_work, kPieceWork);
  const bool needs_panel = packs || (!kMaskedLoads && s.n % kTileColumns != 0);
  plan.scratch = needs_panel ? s.k * kTripleColumns : 0;
  return plan;
}

template <Order kOrder>
void RunItems(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s, const Plan& plan, float* panel, std::int64_t first,
              std::int64_t last) {
  const bool packs = s.trans_b || RowsLieFarApart(s);
  std::int64_t packed = -1;  // the (product, panel) that `panel` holds
  for (std::int64_t item = first; item < last; ++item) {
    const std::int64_t chunk = item % plan.chunks, which = item / plan.chunks;
    const std::int64_t nth = which % plan.panels, q = which / plan.panels;
    const std::int64_t column = nth * kTileColumns;
    const std::int64_t columns = nth + 1 < plan.panels ? kTileColumns : s.n - column;
    const std::int64_t width = columns <= kTileColumns ? kTileColumns : kTripleColumns;
    const std::int64_t tiles = Tiles(s, columns);
    const bool part = columns < width;
    const float* const a0 = a + q * s.stride_a;
    const float* const b0 = b + q * s.stride_b;
    TileCall call{};
    call.b = b0 + column;
    call.b_step = s.ldb;
    if (packs || (part && !kMaskedLoads)) {
      if (packed != which) {
        if (s.trans_b) {
          PackAlong(b0 + column * s.ldb, s.ldb, s.k, columns, width, panel);
        } else {
          PackAcross(b0 + column, s.ldb, s.k, columns, width, panel);
        }
        packed = which;
      }
      call.b = panel;
      call.b_step = width;
    }
    call.a_step = s.lda;
    call.ldc = s.ldc;
    call.k = s.k;
    call.columns = columns;
    call.bias = e.bias != nullptr ? e.bias + column : nullptr;
    call.relu = e.activation == Activation::relu;
    call.accumulate = s.accumulate;
    const std::int64_t last_tile = (chunk + 1) * tiles / plan.chunks;
    for (std::int64_t tile = chunk * tiles / plan.chunks; tile < last_tile; ++tile) {
      const std::int64_t row = TileStart(s.m, tiles, tile);
      const std::int64_t rows = TileStart(s.m, tiles, tile + 1) - row;
      call.a = a0 + (kOrder == Order::rows ? row * s.lda : row);
      call.c = c + q * s.stride_c + row * s.ldc + column;
      TileOf<kOrder>(columns, rows)(call);
    }
  }
}

void Items(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
           const Plan& plan, float* panel, std::int64_t first, std::int64_t last) {
  const auto run = s.trans_a ? RunItems<Order::columns> : RunItems<Order::rows>;
  run(a, b, c, e, s, plan, panel, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(MakePlan);
HWY_EXPORT(Items);

void gemm_simd(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& shape) {
  if (shape.m == 0 || shape.n == 0 || shape.batch == 0) return;
  const GemmShape s = merged_batch(shape);
  const Plan plan = HWY_DYNAMIC_DISPATCH(MakePlan)(s);
  parallel_for(plan.items, plan.grain, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch panel(plan.scratch);
    HWY_DYNAMIC_DISPATCH(Items)(a, b, c, e, s, plan, panel.data(), first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
