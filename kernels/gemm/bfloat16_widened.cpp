// bfloat16 by the tile of float32: operands are widened while they are packed.
#include "kernels/gemm/bfloat16.h"

#include <algorithm>

#include "kernels/gemm/bfloat16_blocks.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/bfloat16_widened.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"
#include "kernels/simd_bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

std::int64_t TileRows() { return kTileRows; }
std::int64_t TileColumns() { return kTileColumns; }

// `count` of `width` elements, zeros behind.
HWY_INLINE void Widen(const BFloat16* HWY_RESTRICT from, std::int64_t count, std::int64_t width,
                      float* HWY_RESTRICT to) {
  const D d;
  for (std::int64_t j = 0; j < width; j += kLanes) {
    simd::StoreN(simd::LoadN(d, from + j, count - j), d, to + j, width - j);
  }
}

void PackRows(const BFloat16* a, std::int64_t ld, bool trans, std::int64_t rows, std::int64_t k,
              void* packed, std::int64_t to_ld) {
  auto* const to = static_cast<float*>(packed);
  if (!trans) {
    for (std::int64_t i = 0; i < rows; ++i) Widen(a + i * ld, k, k, to + i * to_ld);
    return;
  }
  const FloatScratch wide(k * rows);
  for (std::int64_t r = 0; r < k; ++r) Widen(a + r * ld, rows, rows, wide.data() + r * rows);
  PackAlong(wide.data(), rows, rows, k, to_ld, to);
}

void PackPanel(const BFloat16* b, std::int64_t ld, bool trans, std::int64_t k, std::int64_t columns,
               void* packed) {
  auto* const to = static_cast<float*>(packed);
  if (!trans) {
    for (std::int64_t r = 0; r < k; ++r) {
      Widen(b + r * ld, columns, kTileColumns, to + r * kTileColumns);
    }
    return;
  }
  const FloatScratch wide(columns * k);
  for (std::int64_t j = 0; j < columns; ++j) Widen(b + j * ld, k, k, wide.data() + j * k);
  PackAlong(wide.data(), k, k, columns, kTileColumns, to);
}

void PackPanels(const BFloat16* b, std::int64_t ld, bool trans, std::int64_t k,
                std::int64_t columns, void* packed, std::int64_t panel_size) {
  for (std::int64_t column = 0; column < columns; column += kTileColumns) {
    PackPanel(b + column * (trans ? ld : 1), ld, trans, k, std::min(kTileColumns, columns - column),
              static_cast<float*>(packed) + column / kTileColumns * panel_size);
  }
}

void MultiplyBlock(const void* a, std::int64_t a_ld, std::int64_t rows, const void* b,
                   std::int64_t b_step, std::int64_t panels, std::int64_t k, float* c,
                   std::int64_t ldc, bool accumulate) {
  const std::int64_t tiles = TileCount(rows);
  TileCall call{};
  call.a_step = a_ld;
  call.b_step = kTileColumns;
  call.ldc = ldc;
  call.k = k;
  call.columns = kTileColumns;
  call.accumulate = accumulate;
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    call.b = static_cast<const float*>(b) + panel * b_step;
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t row = TileStart(rows, tiles, tile);
      call.a = static_cast<const float*>(a) + row * a_ld;
      call.c = c + row * ldc + panel * kTileColumns;
      TileOf<2, Order::rows, false>(TileStart(rows, tiles, tile + 1) - row)(call);
    }
  }
}

template <bool kAccumulate>
void RoundRows(const float* sums, std::int64_t lds, std::int64_t rows, std::int64_t columns,
               BFloat16* c, std::int64_t ldc, const BFloat16* bias, bool relu) {
  const D d;
  for (std::int64_t i = 0; i < rows; ++i, sums += lds, c += ldc) {
    simd::ForEachVector(d, columns, [&](std::int64_t j, std::int64_t count) HWY_ATTR {
      V v = simd::LoadN(d, sums + j, count);
      if (bias != nullptr) v = hn::Add(v, simd::LoadN(d, bias + j, count));
      if constexpr (kAccumulate) v = hn::Add(v, simd::LoadN(d, c + j, count));
      // Max would lose NaN on some targets.
      if (relu) v = hn::IfThenZeroElse(hn::Lt(v, hn::Zero(d)), v);
      simd::StoreN(v, d, c + j, count);
    });
  }
}

void RoundSums(const float* sums, std::int64_t lds, std::int64_t rows, std::int64_t columns,
               BFloat16* c, std::int64_t ldc, const BFloat16* bias, bool relu, bool accumulate) {
  const auto round = accumulate ? RoundRows<true> : RoundRows<false>;
  round(sums, lds, rows, columns, c, ldc, bias, relu);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(TileRows);
HWY_EXPORT(TileColumns);
HWY_EXPORT(PackRows);
HWY_EXPORT(PackPanels);
HWY_EXPORT(MultiplyBlock);
HWY_EXPORT(RoundSums);

BFloat16Blocks widened_blocks() {
  return {.rows = HWY_DYNAMIC_DISPATCH(TileRows)(),
          .panel = HWY_DYNAMIC_DISPATCH(TileColumns)(),
          .depth = 1,
          .element = sizeof(float),
          .piece_work = 1 << 19,
          .pack_rows = HWY_DYNAMIC_DISPATCH(PackRows),
          .pack_panels = HWY_DYNAMIC_DISPATCH(PackPanels),
          .multiply = HWY_DYNAMIC_DISPATCH(MultiplyBlock)};
}

void round_sums(const float* sums, std::int64_t lds, std::int64_t rows, std::int64_t columns,
                BFloat16* c, std::int64_t ldc, const Epilogue<BFloat16>& e, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(RoundSums)
  (sums, lds, rows, columns, c, ldc, e.bias, e.activation == Activation::relu, accumulate);
}

}  // namespace keratin::kernels::cpu
#endif
