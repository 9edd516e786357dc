#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transpose/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/parallel.h"
#include "kernels/simd.h"
#include "kernels/transpose/tiles.h"
#include "kernels/transpose/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// One element after the other: what whole vectors leave over.
void TurnElements(const std::uint32_t* x, std::int64_t x_stride, std::uint32_t* y,
                  std::int64_t y_stride, std::int64_t rows, std::int64_t cols) {
  for (std::int64_t a = 0; a < cols; ++a)
    for (std::int64_t b = 0; b < rows; ++b) y[a * y_stride + b] = x[b * x_stride + a];
}

#if HWY_TARGET == HWY_SCALAR
void TurnTile(const std::uint32_t* x, std::int64_t x_stride, std::uint32_t* y,
              std::int64_t y_stride, std::int64_t rows, std::int64_t cols) {
  TurnElements(x, x_stride, y, y_stride, rows, cols);
}
#else

// Vectors of a length known when compiling, as the 128-bit blocks are put together by hand.
using D = hn::CappedTag<std::uint32_t, HWY_HAVE_SCALABLE ? 4 : 16>;

// Block k (4 lanes of 4 bytes) from row 4 k of x: for 16 lanes rows 0, 4, 8, 12.
template <class Tag>
HWY_INLINE hn::Vec<Tag> LoadBlocks(Tag d, const std::uint32_t* HWY_RESTRICT x,
                                   std::int64_t x_stride) {
  constexpr std::int64_t kLanes = HWY_HAVE_SCALABLE ? 4 : hn::MaxLanes(Tag());
  if constexpr (kLanes <= 4) {
    return hn::LoadU(d, x);
  } else {
    const hn::Half<Tag> half;
    return hn::Combine(d, LoadBlocks(half, x + kLanes / 2 * x_stride, x_stride),
                       LoadBlocks(half, x, x_stride));
  }
}

// As many rows as lanes, 4 columns: in each block rows r .. r + 3 of 4 columns are turned, so that
// vector j holds column j of all rows, ready to be stored at once.
HWY_INLINE void TurnFourColumns(const std::uint32_t* HWY_RESTRICT x, std::int64_t x_stride,
                                std::uint32_t* HWY_RESTRICT y, std::int64_t y_stride) {
  const D d;
  const hn::Repartition<std::uint64_t, D> wide;
  const auto r0 = LoadBlocks(d, x, x_stride), r1 = LoadBlocks(d, x + x_stride, x_stride);
  const auto r2 = LoadBlocks(d, x + 2 * x_stride, x_stride);
  const auto r3 = LoadBlocks(d, x + 3 * x_stride, x_stride);
  const auto low01 = hn::BitCast(wide, hn::InterleaveLower(d, r0, r1));   // 00 10 01 11
  const auto low23 = hn::BitCast(wide, hn::InterleaveLower(d, r2, r3));   // 20 30 21 31
  const auto high01 = hn::BitCast(wide, hn::InterleaveUpper(d, r0, r1));  // 02 12 03 13
  const auto high23 = hn::BitCast(wide, hn::InterleaveUpper(d, r2, r3));  // 22 32 23 33
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, low01, low23)), d, y);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, low01, low23)), d, y + y_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, high01, high23)), d, y + 2 * y_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, high01, high23)), d, y + 3 * y_stride);
}

void TurnTile(const std::uint32_t* x, std::int64_t x_stride, std::uint32_t* y,
              std::int64_t y_stride, std::int64_t rows, std::int64_t cols) {
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t whole_rows = rows / lanes * lanes, whole_cols = cols / 4 * 4;
  constexpr std::int64_t kLine = 16;  // columns in a cache line of x
  for (std::int64_t a0 = 0; a0 < whole_cols; a0 += kLine) {
    const std::int64_t a1 = a0 + kLine < whole_cols ? a0 + kLine : whole_cols;
    for (std::int64_t b = 0; b < whole_rows; b += lanes)
      for (std::int64_t a = a0; a < a1; a += 4)
        TurnFourColumns(x + b * x_stride + a, x_stride, y + a * y_stride + b, y_stride);
  }
  if (whole_rows < rows)
    TurnElements(x + whole_rows * x_stride, x_stride, y + whole_rows, y_stride, rows - whole_rows,
                 whole_cols);
  if (whole_cols < cols)
    TurnElements(x + whole_cols, x_stride, y + whole_cols * y_stride, y_stride, rows,
                 cols - whole_cols);
}
#endif  // HWY_SCALAR

void TurnTiles(const std::uint32_t* x, std::uint32_t* y, const TransposePlanes& p,
               std::int64_t first, std::int64_t last) {
  for (std::int64_t index = first; index < last; ++index) {
    const TransposePlanes::Tile t = p.tile(index);
    TurnTile(x + t.x, p.x_stride, y + t.y, p.y_stride, t.rows, t.cols);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {

HWY_EXPORT(TurnTiles);

void transpose_simd(const void* x, void* y, const TransposeShape& s) {
  const TransposePlanes p(s);
  parallel_for(p.tiles(), p.grain(), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(TurnTiles)
    (static_cast<const std::uint32_t*>(x), static_cast<std::uint32_t*>(y), p, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
