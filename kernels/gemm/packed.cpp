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

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_GEMM_BLOCK_CALL_
#define KERATIN_KERNELS_GEMM_BLOCK_CALL_
namespace keratin::kernels::cpu {
namespace {
// Tiles [tile0, tile1) of rows of op(A) by panels [panel0, panel1) of op(B) from column0 on.
struct BlockCall {
  std::int64_t k, tile0, tile1;
  const float* a;    // packed, of tile0; or as it lies, of the operand's first row
  std::int64_t lda;  // of A as it lies, or 0
  std::int64_t column0, panel0, panel1;
  float* packed_b;  // of panel0
  // Where it lies, or null: packed_b holds it already, of all panels. Else of one at a time: the
  // first tile copies it on its way.
  const float* b;
  const float* next;  // of B, what to ask for meanwhile: as `b`, or null: the next panel
  float* c;
  const float* bias;
  bool relu, accumulate;
  std::int64_t share;  // floats a row of the next panel that each tile asks for: Block sets it
};
constexpr std::int64_t kGroup = 4;       // panels of B that follow each other in its rows
constexpr std::int64_t kMostTiles = 32;  // of rows in a block: FewRows, kRows
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

std::int64_t TileRows() { return kTileRows; }
std::int64_t TileColumns() { return kTileColumns; }

// Panels [first, last) of op(B)[k0 : k0 + k, ...], each [k][kTileColumns]. Of B as it lies, some
// panels at a time: a row of theirs is one piece of memory, and no prefetcher finds the next, which
// lies on another page.
void PackB(const float* b, const GemmShape& s, std::int64_t k0, std::int64_t k,
           std::int64_t column0, std::int64_t first, std::int64_t last, float* to) {
  constexpr std::int64_t kAhead = 8;
  const std::int64_t panel_size = k * kTileColumns;
  if (s.trans_b) {
    for (std::int64_t panel = first; panel < last; ++panel, to += panel_size) {
      const std::int64_t column = column0 + panel * kTileColumns;
      const std::int64_t count = std::min(kTileColumns, s.n - column);
      PackAlong(b + column * s.ldb + k0, s.ldb, k, count, kTileColumns, to);
    }
    return;
  }
  for (std::int64_t panel = first; panel < last; panel += kGroup) {
    const std::int64_t panels = std::min(kGroup, last - panel);
    const std::int64_t column = column0 + panel * kTileColumns;
    const std::int64_t columns = std::min(panels * kTileColumns, s.n - column);
    float* const group = to + (panel - first) * panel_size;
    for (std::int64_t r = 0; r < k; ++r) {
      const float* const row = b + (k0 + r) * s.ldb + column;
      for (std::int64_t j = 0; j < columns; j += kLanes) {
        __builtin_prefetch(row + kAhead * s.ldb + j);
      }
      for (std::int64_t q = 0; q < panels; ++q) {
        const std::int64_t at = q * kTileColumns;
        PackAcross(row + at, 0, 1, std::min(kTileColumns, columns - at), kTileColumns,
                   group + q * panel_size + r * kTileColumns);
      }
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

template <Order kOrder>
TileFn TileFor(std::int64_t rows, std::int64_t columns, bool copies) {
  if (copies) return TileOf<2, kOrder, false, true>(rows);
  return columns <= kLanes ? TileOf<1, kOrder, false>(rows) : TileOf<2, kOrder, false>(rows);
}

// One tile of rows, from `row` on, by one panel of columns, one block of k.
HWY_INLINE void OneTile(const GemmShape& s, const BlockCall& block, std::int64_t panel,
                        std::int64_t nth, std::int64_t row0, std::int64_t row, std::int64_t rows,
                        TileCall& call) {
  const std::int64_t column = block.column0 + panel * kTileColumns;
  call.columns = std::min(kTileColumns, s.n - column);
  call.bias = block.bias != nullptr ? block.bias + column : nullptr;
  call.panel = block.b != nullptr
                   ? block.packed_b
                   : block.packed_b + (panel - block.panel0) * block.k * kTileColumns;
  const bool whole = call.columns == kTileColumns;
  const bool copies = block.b != nullptr && whole && nth == 0;
  if (block.b != nullptr && !whole && nth == 0) {
    PackAcross(block.b + column, s.ldb, block.k, call.columns, kTileColumns, call.panel);
  }
  call.a = block.a + (block.lda != 0 ? row * block.lda : (row - row0) * block.k);
  call.a_step = block.lda != 0 ? block.lda : rows;
  call.b = copies ? block.b + column : call.panel;
  call.b_step = copies ? s.ldb : kTileColumns;
  call.c = block.c + row * s.ldc + column;
  call.ahead = nullptr, call.ahead_step = 0;
  if (block.next != nullptr) {
    if (nth < 2 && column + nth * kLanes < s.n) {
      call.ahead = block.next + column + nth * kLanes;
      call.ahead_step = s.ldb;
    }
  } else if (panel + 1 < block.panel1) {
    if (block.b == nullptr) {  // a share of the next panel
      call.ahead_step = block.share;
      call.ahead = call.panel + block.k * (kTileColumns + nth * block.share);
    } else if (nth < 2 && column + kTileColumns + nth * kLanes < s.n) {
      call.ahead = block.b + column + kTileColumns + nth * kLanes;
      call.ahead_step = s.ldb;
    }
  }
  const auto tile_for = block.lda != 0 ? TileFor<Order::rows> : TileFor<Order::columns>;
  tile_for(rows, call.columns, copies)(call);
}

void Block(const GemmShape& s, const BlockCall& given) {
  BlockCall block = given;
  const std::int64_t count = block.tile1 - block.tile0, tiles = TileCount(s.m);
  KERATIN_ASSERT(count <= kMostTiles);
  block.share = (kTileColumns + count - 1) / count;
  std::int64_t rows[kMostTiles + 1];
  for (std::int64_t i = 0; i <= count; ++i) rows[i] = TileStart(s.m, tiles, block.tile0 + i);
  TileCall call{};
  call.ldc = s.ldc;
  call.k = block.k;
  call.relu = block.relu;
  call.accumulate = block.accumulate;
  const auto one = [&](std::int64_t panel, std::int64_t i) HWY_ATTR {
    OneTile(s, block, panel, i, rows[0], rows[i], rows[i + 1] - rows[i], call);
  };
  // Where all panels stay in the cache near the core, C is written along its rows: a page of it
  // after the other.
  const std::int64_t panel_floats = (block.panel1 - block.panel0) * block.k * kTileColumns;
  if (block.b == nullptr && panel_floats <= 1 << 15 && s.ldc >= 384) {
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t panel = block.panel0; panel < block.panel1; ++panel) one(panel, i);
    }
    return;
  }
  for (std::int64_t panel = block.panel0; panel < block.panel1; ++panel) {
    for (std::int64_t i = 0; i < count; ++i) one(panel, i);
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

// Sizes of the blocks. A panel of B of kDepth rows is 64 KiB with AVX-512, a block of A of kRows
// rows 168 KiB.
constexpr std::int64_t kDepth = 512;
constexpr std::int64_t kRows = 84;
constexpr std::int64_t kWidth = 256;  // columns of a piece
// Packed at a time, shared by all threads: columns of B, rows of A, 8 MiB each.
constexpr std::int64_t kColumns = 4096, kDown = 4032;
// So few tiles of rows read a panel of B so seldom that a pass to pack it costs: as it lies, it is
// copied on the way. Panels are done in groups, at least kGroups for threads. Where B is near
// (floats of it that the L2 cache or nearly so holds), a panel of near_depth rows stays near. Where
// it is far, far_group panels of far_depth rows are multiplied while the rows below are asked for.
struct FewRows {
  std::int64_t tiles, near_depth, far_group, far_depth;
};
constexpr FewRows kWithManyRegisters{12, 416, 16, 96}, kWithFewRegisters{24, 208, 8, 192};
constexpr std::int64_t kNear = 1 << 19;
constexpr std::int64_t kGroups = 8;

const FewRows& few() {
  return HWY_DYNAMIC_DISPATCH(TileRows)() > 8 ? kWithManyRegisters : kWithFewRegisters;
}

constexpr std::int64_t divided(std::int64_t x, std::int64_t by) { return (x + by - 1) / by; }

// How the blocks are cut.
struct Cut {
  Cut(const GemmShape& s, std::int64_t depth)
      : tile_rows(HWY_DYNAMIC_DISPATCH(TileRows)()),
        tile_columns(HWY_DYNAMIC_DISPATCH(TileColumns)()),
        tiles(divided(s.m, tile_rows)),
        panels(divided(s.n, tile_columns)),
        depths(divided(s.k, depth)),
        deepest(divided(s.k, depths)) {}
  std::int64_t tile_rows, tile_columns, tiles, panels, depths, deepest;
};

// Rows a multiple of 4 KiB apart would all fall into one set of the L1 cache.
bool reads_a_as_it_lies(const GemmShape& s) { return !s.trans_a && s.lda % 1024 != 0; }

// Few rows: each panel of B is packed by who multiplies it, at once and only once.
void few_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s) {
  const bool copies = !s.trans_b, far = copies && s.k * s.n > kNear;
  const Cut cut(s, far ? few().far_depth : copies ? few().near_depth : kDepth);
  const std::int64_t most =
      far ? few().far_group : std::clamp<std::int64_t>(cut.panels / kGroups, 1, kGroup);
  const std::int64_t groups = divided(cut.panels, most);
  const auto depth_begin = [&](std::int64_t depth) { return depth * s.k / cut.depths; };
  const bool as_it_lies = reads_a_as_it_lies(s);
  const FloatScratch packed_a(as_it_lies ? 0 : s.m * s.k);  // blocks of k one after the other
  parallel_for(as_it_lies ? 0 : cut.depths, grain_for(s.m * cut.deepest),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t depth = first; depth < last; ++depth) {
                   const std::int64_t k0 = depth_begin(depth), k = depth_begin(depth + 1) - k0;
                   HWY_DYNAMIC_DISPATCH(PackA)
                   (a, s, k0, k, 0, cut.tiles, packed_a.data() + s.m * k0);
                 }
               });
  parallel_for(groups, 1, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch packed_b((copies ? 1 : most) * cut.tile_columns * cut.deepest);
    for (std::int64_t group = first; group < last; ++group) {
      for (std::int64_t depth = 0; depth < cut.depths; ++depth) {
        const std::int64_t k0 = depth_begin(depth), k = depth_begin(depth + 1) - k0;
        const bool ends = depth == cut.depths - 1;
        BlockCall block{};
        block.k = k;
        block.tile1 = cut.tiles;
        block.a = as_it_lies ? a + k0 : packed_a.data() + s.m * k0;
        block.lda = as_it_lies ? s.lda : 0;
        block.panel0 = group * cut.panels / groups;
        block.panel1 = (group + 1) * cut.panels / groups;
        block.packed_b = packed_b.data();
        block.c = c;
        block.bias = ends ? e.bias : nullptr;
        block.relu = ends && e.activation == Activation::relu;
        block.accumulate = s.accumulate || depth > 0;
        if (copies) {
          block.b = b + k0 * s.ldb;
          block.next = far && !ends ? block.b + k * s.ldb : nullptr;
        } else {
          HWY_DYNAMIC_DISPATCH(PackB)
          (b, s, k0, k, 0, block.panel0, block.panel1, packed_b.data());
        }
        HWY_DYNAMIC_DISPATCH(Block)(s, block);
      }
    }
  });
}

void many_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
               const GemmShape& s) {
  const Cut cut(s, kDepth);
  const std::int64_t chunks = divided(s.m, kDown);
  const FloatScratch packed_b(cut.deepest * std::min(kColumns, cut.panels * cut.tile_columns));
  const bool as_it_lies = reads_a_as_it_lies(s);
  const FloatScratch packed_a(
      as_it_lies ? 0 : divided(cut.tiles, chunks) * cut.tile_rows * cut.deepest);
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
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const std::int64_t begin = chunk * cut.tiles / chunks;
        const std::int64_t tiles = (chunk + 1) * cut.tiles / chunks - begin;
        const auto a_of = [&](std::int64_t tile) {
          return packed_a.data() + (tile * s.m / cut.tiles - begin * s.m / cut.tiles) * k;
        };
        parallel_for(as_it_lies ? 0 : tiles, 4, [&](std::int64_t first, std::int64_t last) {
          HWY_DYNAMIC_DISPATCH(PackA)
          (a, s, k0, k, begin + first, begin + last, a_of(begin + first));
        });
        const std::int64_t down = divided(tiles * cut.tile_rows, kRows);
        parallel_for(down * across, 1, [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t item = first; item < last; ++item) {
            const std::int64_t i = item / across, j = item % across;
            BlockCall block{};
            block.k = k;
            block.tile0 = begin + i * tiles / down;
            block.tile1 = begin + (i + 1) * tiles / down;
            block.a = as_it_lies ? a + k0 : a_of(block.tile0);
            block.lda = as_it_lies ? s.lda : 0;
            block.column0 = column0;
            block.panel0 = j * panels / across;
            block.panel1 = (j + 1) * panels / across;
            block.packed_b = packed_b.data() + block.panel0 * panel_size;
            block.c = c;
            block.bias = ends ? e.bias : nullptr;
            block.relu = ends && e.activation == Activation::relu;
            block.accumulate = s.accumulate || depth > 0;
            HWY_DYNAMIC_DISPATCH(Block)(s, block);
          }
        });
      }
    }
  }
}

}  // namespace

bool gemm_packed_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  // Rows that fall into one set of the L1 cache, or of which a tile takes little each.
  const bool a_scattered = s.trans_a ? s.lda >= 512 : s.lda % 1024 == 0;
  if (a_scattered && s.batch == 1 && s.m >= 24 && s.n >= 64 && s.k >= 16) return true;
  // What the rung before would copy B for; here the copying is free.
  const bool copies_b = !s.trans_a && !s.trans_b && s.ldb >= 256 && s.ldb % 1024 != 0;
  const bool few_registers = HWY_DYNAMIC_DISPATCH(TileRows)() <= 8;
  const std::int64_t rows = few_registers ? 7 : 9;
  if (copies_b && s.batch == 1 && s.m >= rows && s.n >= 64 && s.k >= 128) return true;
  const std::int64_t work = s.m * s.n * s.k;
  // With few registers panels are read more often: a copy pays sooner.
  if (few_registers && s.batch == 1) {
    if (s.trans_a && s.m >= 8 && s.n >= 192 && s.k >= 16 && work >= 1 << 20) return true;
    if (s.trans_a && s.m >= 5 && s.n >= 64 && s.n * s.k > kNear) return true;
    if (!s.trans_a && !s.trans_b && s.m >= 128 && s.n >= 64 && s.k >= 32 && work >= 8 << 20)
      return true;
  }
  const std::int64_t enough =
      s.trans_a ? crossovers().packed_transposed_work : crossovers().packed_work;
  return s.m >= 128 && s.n >= 128 && s.k >= 128 && work >= enough;
}

void gemm_packed(const float* a, const float* b, float* c, const Epilogue<float>& e,
                 const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  if (s.m == 0 || s.n == 0) return;
  KERATIN_ASSERT(s.k > 0);
  const std::int64_t most = few().tiles * HWY_DYNAMIC_DISPATCH(TileRows)();
  for (std::int64_t q = 0; q < s.batch; ++q) {
    const auto product = s.m <= most ? few_rows : many_rows;
    product(a + q * s.stride_a, b + q * s.stride_b, c + q * s.stride_c, e, s);
  }
}

}  // namespace keratin::kernels::cpu
#endif
