// Both operands in panels, in the order in which the tile reads them: no jumps of a whole row,
// which at multiples of 4 KiB all fall into one set of the cache. Blocks of k keep a panel of B and
// a block of A in the caches near the core. Source: Goto & van de Geijn, Anatomy of
// high-performance matrix multiplication, 2008.
#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/crossovers.h"
#include "kernels/error.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/packed.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

std::int64_t TileRows() { return kTileRows; }
std::int64_t TileColumns() { return kTileColumns; }

// Panels [first, last) of op(B)[k0 : k0 + k, ...], each [k][kTileColumns].
void PackB(const float* b, const GemmShape& s, std::int64_t k0, std::int64_t k,
           std::int64_t column0, std::int64_t first, std::int64_t last, float* to) {
  for (std::int64_t panel = first; panel < last; ++panel) {
    const std::int64_t column = column0 + panel * kTileColumns;
    const std::int64_t count = std::min(kTileColumns, s.n - column);
    float* const out = to + (panel - first) * k * kTileColumns;
    if (s.trans_b) {
      PackAlong(b + column * s.ldb + k0, s.ldb, k, count, kTileColumns, out);
    } else {
      PackAcross(b + k0 * s.ldb + column, s.ldb, k, count, kTileColumns, out);
    }
  }
}

// Tiles [tile0, tile1) of rows of op(A)[..., k0 : k0 + k], each [k][rows of the tile].
void PackA(const float* a, const GemmShape& s, std::int64_t k0, std::int64_t k, std::int64_t tile0,
           std::int64_t tile1, float* to) {
  const std::int64_t tiles = TileCount(s.m), row0 = TileStart(s.m, tiles, tile0);
  for (std::int64_t tile = tile0; tile < tile1; ++tile) {
    const std::int64_t row = TileStart(s.m, tiles, tile);
    const std::int64_t rows = TileStart(s.m, tiles, tile + 1) - row;
    float* const out = to + (row - row0) * k;
    if (s.trans_a) {
      PackAcrossTile(a + k0 * s.lda + row, s.lda, k, rows, out);
    } else {
      PackAlong(a + row * s.lda + k0, s.lda, k, rows, rows, out);
    }
  }
}

// Those tiles by panels [panel0, panel1) from column0 on, one block of k.
void Block(const GemmShape& s, std::int64_t k, std::int64_t tile0, std::int64_t tile1,
           const float* packed_a, std::int64_t column0, std::int64_t panel0, std::int64_t panel1,
           const float* packed_b, float* c, const float* bias, bool relu, bool accumulate) {
  const std::int64_t tiles = TileCount(s.m), row0 = TileStart(s.m, tiles, tile0);
  TileCall call{};
  call.b_step = kTileColumns;
  call.ldc = s.ldc;
  call.k = k;
  call.relu = relu;
  call.accumulate = accumulate;
  for (std::int64_t panel = panel0; panel < panel1; ++panel) {
    const std::int64_t column = column0 + panel * kTileColumns;
    call.b = packed_b + (panel - panel0) * k * kTileColumns;
    call.columns = std::min(kTileColumns, s.n - column);
    call.bias = bias != nullptr ? bias + column : nullptr;
    for (std::int64_t tile = tile0; tile < tile1; ++tile) {
      const std::int64_t row = TileStart(s.m, tiles, tile);
      const std::int64_t rows = TileStart(s.m, tiles, tile + 1) - row;
      call.a = packed_a + (row - row0) * k;
      call.a_step = rows;
      call.c = c + row * s.ldc + column;
      const TileFn run = call.columns <= kLanes ? TileOf<1, Order::columns, false>(rows)
                                                : TileOf<2, Order::columns, false>(rows);
      run(call);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(TileRows);
HWY_EXPORT(TileColumns);
HWY_EXPORT(PackA);
HWY_EXPORT(PackB);
HWY_EXPORT(Block);

namespace {

constexpr std::int64_t kDepth = 512;     // of a block of k: a panel of B is 64 KiB with AVX-512
constexpr std::int64_t kRows = 84;       // of a block of A: 168 KiB
constexpr std::int64_t kWidth = 512;     // columns of a piece: packs its A once for so many
constexpr std::int64_t kFewRows = 168;   // of an A that is packed whole: 336 KiB
constexpr std::int64_t kGroups = 8;      // at least, for threads, where there are as many panels
constexpr std::int64_t kGroup = 4;       // panels of B that follow each other in its rows
constexpr std::int64_t kColumns = 4096;  // of B packed at a time, shared by all threads: 8 MiB

constexpr std::int64_t divided(std::int64_t x, std::int64_t by) { return (x + by - 1) / by; }

// What the two ways of going through the blocks share.
struct Cut {
  explicit Cut(const GemmShape& s)
      : tile_rows(HWY_DYNAMIC_DISPATCH(TileRows)()),
        tile_columns(HWY_DYNAMIC_DISPATCH(TileColumns)()),
        tiles(divided(s.m, tile_rows)),
        panels(divided(s.n, tile_columns)),
        depths(divided(s.k, kDepth)),
        deepest(divided(s.k, depths)) {}
  std::int64_t tile_rows, tile_columns, tiles, panels, depths, deepest;
};

// Few rows: A is packed whole, and each panel of B by who multiplies it, at once and only once.
void few_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s) {
  const Cut cut(s);
  const std::int64_t most = std::clamp<std::int64_t>(cut.panels / kGroups, 1, kGroup);
  const std::int64_t groups = divided(cut.panels, most);
  const FloatScratch packed_a(s.m * cut.deepest);
  for (std::int64_t depth = 0; depth < cut.depths; ++depth) {
    const std::int64_t k0 = depth * s.k / cut.depths, k = (depth + 1) * s.k / cut.depths - k0;
    parallel_for(cut.tiles, 4, [&](std::int64_t first, std::int64_t last) {
      float* const to = packed_a.data() + first * s.m / cut.tiles * k;
      HWY_DYNAMIC_DISPATCH(PackA)(a, s, k0, k, first, last, to);
    });
    const bool ends = depth == cut.depths - 1;
    parallel_for(groups, 1, [&](std::int64_t first, std::int64_t last) {
      const FloatScratch packed_b(most * cut.tile_columns * k);
      for (std::int64_t group = first; group < last; ++group) {
        const std::int64_t panel0 = group * cut.panels / groups;
        const std::int64_t panel1 = (group + 1) * cut.panels / groups;
        HWY_DYNAMIC_DISPATCH(PackB)(b, s, k0, k, 0, panel0, panel1, packed_b.data());
        HWY_DYNAMIC_DISPATCH(Block)
        (s, k, 0, cut.tiles, packed_a.data(), 0, panel0, panel1, packed_b.data(), c,
         ends ? e.bias : nullptr, ends && e.activation == Activation::relu,
         s.accumulate || depth > 0);
      }
    });
  }
}

void many_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& s) {
  const Cut cut(s);
  const std::int64_t down = divided(s.m, kRows);
  const FloatScratch packed_b(cut.deepest * std::min(kColumns, cut.panels * cut.tile_columns));
  const std::int64_t block_rows = divided(cut.tiles, down) * cut.tile_rows;
  for (std::int64_t column0 = 0; column0 < s.n; column0 += kColumns) {
    const std::int64_t panels = divided(std::min(kColumns, s.n - column0), cut.tile_columns);
    const std::int64_t across = divided(panels * cut.tile_columns, kWidth);
    for (std::int64_t depth = 0; depth < cut.depths; ++depth) {
      const std::int64_t k0 = depth * s.k / cut.depths, k = (depth + 1) * s.k / cut.depths - k0;
      const std::int64_t panel_size = k * cut.tile_columns;
      parallel_for(panels, 4, [&](std::int64_t first, std::int64_t last) {
        HWY_DYNAMIC_DISPATCH(PackB)
        (b, s, k0, k, column0, first, last, packed_b.data() + first * panel_size);
      });
      const bool ends = depth == cut.depths - 1;
      parallel_for(down * across, 1, [&](std::int64_t first, std::int64_t last) {
        const FloatScratch packed_a(block_rows * k);
        for (std::int64_t item = first; item < last; ++item) {
          const std::int64_t i = item / across, j = item % across;
          const std::int64_t tile0 = i * cut.tiles / down, tile1 = (i + 1) * cut.tiles / down;
          const std::int64_t panel0 = j * panels / across;
          HWY_DYNAMIC_DISPATCH(PackA)(a, s, k0, k, tile0, tile1, packed_a.data());
          HWY_DYNAMIC_DISPATCH(Block)
          (s, k, tile0, tile1, packed_a.data(), column0, panel0, (j + 1) * panels / across,
           packed_b.data() + panel0 * panel_size, c, ends ? e.bias : nullptr,
           ends && e.activation == Activation::relu, s.accumulate || depth > 0);
        }
      });
    }
  }
}

}  // namespace

bool gemm_packed_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  // Rows that fall into one set of the L1 cache, or of which a tile takes little each.
  const bool a_scattered = s.trans_a ? s.lda >= 512 : s.lda % 1024 == 0;
  if (a_scattered && s.batch == 1 && s.m >= 24 && s.n >= 64 && s.k >= 16) return true;
  const std::int64_t enough =
      s.trans_a ? crossovers().packed_transposed_work : crossovers().packed_work;
  return s.m >= 128 && s.n >= 128 && s.k >= 128 && s.m * s.n * s.k >= enough;
}

void gemm_packed(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  if (s.m == 0 || s.n == 0) return;
  KERATIN_ASSERT(s.k > 0);
  for (std::int64_t q = 0; q < s.batch; ++q) {
    const auto product = s.m <= kFewRows ? few_rows : many_rows;
    product(a + q * s.stride_a, b + q * s.stride_b, c + q * s.stride_c, e, s);
  }
}

}  // namespace keratin::kernels::cpu
#endif
