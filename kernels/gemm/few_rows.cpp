// A row or a few, such as a prediction for one sample: tiles of two vectors would wait for the sums
// before and read B in narrow columns. So a tile here is as wide as the registers allow, and B comes
// by once, asked for some rows ahead.
#include <algorithm>
#include <utility>

#include "kernels/gemm/gemm.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/few_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

constexpr int kRegisters = kTileRows == 14 ? 32 : 16;
constexpr int kMostRows = kTileRows == 14 ? 8 : 4;
constexpr int kMostVectors = 8;
// Beside its sums a tile holds a vector of B for each column of vectors, and one of A.
constexpr int Vectors(int rows) { return std::min(kMostVectors, (kRegisters - 1) / (rows + 1)); }

std::int64_t MostRows() { return kMostRows; }
std::int64_t PanelColumns(std::int64_t rows) { return Vectors(static_cast<int>(rows)) * kLanes; }
// Up to which column tiles go: beyond it there is no whole vector, where those cannot be read.
std::int64_t TiledColumns(std::int64_t n) { return kMaskedLoads ? n : n / kLanes * kLanes; }
std::int64_t LeastColumns() { return 3 * kLanes; }

template <int MR>
void Panels(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
            std::int64_t first, std::int64_t last) {
  constexpr int kVectors = Vectors(MR);
  const std::int64_t wide = kVectors * kLanes, n = TiledColumns(s.n),
                     panels = (n + wide - 1) / wide;
  for (std::int64_t item = first; item < last; ++item) {
    const std::int64_t q = item / panels, end = std::min(n, (item % panels + 1) * wide);
    for (std::int64_t column = item % panels * wide; column < end;) {
      const std::int64_t left = end - column;
      TileCall call{};
      call.a = a + q * s.stride_a;
      call.a_step = s.lda;
      call.b = b + q * s.stride_b + column;
      call.b_step = s.ldb;
      call.c = c + q * s.stride_c + column;
      call.ldc = s.ldc;
      call.k = s.k;
      call.columns = left == wide ? wide : std::min(left, kTileColumns);
      call.bias = e.bias != nullptr ? e.bias + column : nullptr;
      call.relu = e.activation == Activation::relu;
      call.accumulate = s.accumulate;
      if (left == wide) {
        Tile<MR, kVectors, Order::rows, false, false>(call);
      } else if (left > kLanes) {
        Tile<MR, 2, Order::rows, true, false>(call);
      } else {
        Tile<MR, 1, Order::rows, true, false>(call);
      }
      column += call.columns;
    }
  }
}

template <int... kRow>
void PanelsOf(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& s, std::int64_t first, std::int64_t last,
              std::integer_sequence<int, kRow...>) {
  static constexpr decltype(&Panels<1>) kEach[] = {&Panels<kRow + 1>...};
  kEach[s.m - 1](a, b, c, e, s, first, last);
}
void FewRows(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
             std::int64_t first, std::int64_t last) {
  PanelsOf(a, b, c, e, s, first, last, std::make_integer_sequence<int, kMostRows>());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(MostRows);
HWY_EXPORT(PanelColumns);
HWY_EXPORT(TiledColumns);
HWY_EXPORT(LeastColumns);
HWY_EXPORT(FewRows);

bool gemm_few_rows_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  return s.m >= 1 && s.m <= HWY_DYNAMIC_DISPATCH(MostRows)() && !s.trans_b && s.batch >= 1 &&
         (!s.trans_a || s.batch == 1) && s.n >= HWY_DYNAMIC_DISPATCH(LeastColumns)();
}

void gemm_few_rows(const float* a, const float* b, float* c, const Epilogue<float>& e,
                   const GemmShape& shape) {
  GemmShape s = merged_batch(shape);
  const FloatScratch rows(s.trans_a ? s.m * s.k : 0);
  if (s.trans_a) {
    for (std::int64_t r = 0; r < s.k; ++r) {
      for (std::int64_t i = 0; i < s.m; ++i) rows.data()[i * s.k + r] = a[r * s.lda + i];
    }
    a = rows.data();
    s.lda = s.k;
    s.trans_a = false;
  }
  const std::int64_t wide = HWY_DYNAMIC_DISPATCH(PanelColumns)(s.m),
                     tiled = HWY_DYNAMIC_DISPATCH(TiledColumns)(s.n),
                     panels = (tiled + wide - 1) / wide;
  parallel_for(s.batch * panels, grain_for(s.m * wide * s.k, kPieceWork / 2),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(FewRows)(a, b, c, e, s, first, last);
               });
  if (tiled == s.n) return;
  GemmShape rest = s;
  rest.n -= tiled;
  gemm_simd(a, b + tiled, c + tiled,
            {.bias = e.bias != nullptr ? e.bias + tiled : nullptr, .activation = e.activation},
            rest);
}

}  // namespace keratin::kernels::cpu
#endif
