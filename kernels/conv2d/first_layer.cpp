// Forward pass of images of 1 to 4 channels, as in a network's first layer. All taps of a kernel row
// are a run of a few products, too short for lists of segments and copied borders to pay: here a
// tile is some pixels of a row x up to 2 vectors of output channels, its loops do nothing but
// multiply, and a pixel near an edge is a tile of its own over the taps that it meets.
#include <algorithm>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/walk.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/first_layer.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_FIRST_LAYER_
#define KERATIN_KERNELS_CONV2D_FIRST_LAYER_
namespace keratin::kernels::cpu {
namespace {
// Weights that stay in a first-level cache beside what is read and written: floats.
constexpr std::int64_t kNearWeights = 4 << 10;

// Pixels [first, first + count) of an axis.
struct Range {
  std::int64_t first, count;
};
// Those, of [begin, end), that read nothing outside of `size` pixels.
Range inner(const Axis& axis, std::int64_t begin, std::int64_t end, std::int64_t size) {
  while (begin < end && axis.begin(begin) < 0) ++begin;
  while (begin < end && axis.end(end - 1) > size) --end;
  return {begin, end - begin};
}
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using gemm::D;
using gemm::kLanes;
using gemm::V;

constexpr int kMostPixels = gemm::kTileRows, kHalfPixels = (kMostPixels + 1) / 2;
constexpr std::int64_t kPanelWidth = gemm::kTileColumns;

std::int64_t PanelWidth() { return kPanelWidth; }

// What the tiles of a run of output pixels share. Pixel 0 would begin to read at x[x_at], a kernel
// row at a time.
struct RunCall {
  const float* x;
  std::int64_t x_at, x_step, x_row;  // from pixel to pixel, from kernel row to kernel row
  std::int64_t first_row, rows;      // of the kernel
  std::int64_t row_products;         // a kernel row: kernel_w in_c products
  // Panels of 2 vectors of weights, [depth][kPanelWidth]; the last one may be [depth][kLanes].
  const float* w;
  std::int64_t panel_floats, panel, panel_end;
  float* y;
  std::int64_t y_step, channels;
  const float* bias;
  bool relu, streams;
};

// kPixels pixels from `pixel` on, over `k` products of each kernel row from `skipped` on.
template <int kPixels, int kVectors>
HWY_INLINE void Tile(const RunCall& call, std::int64_t panel, std::int64_t pixel,
                     std::int64_t skipped, std::int64_t k) {
  const D d;
  // A pointer a pixel; of many pixels, up to 5 are reached from one, at offsets of 0 to 4 steps.
  constexpr int kReached = kPixels <= 8 ? 1 : 5, kPointers = (kPixels + kReached - 1) / kReached;
  constexpr std::int64_t kWidth = kVectors * kLanes;
  const std::int64_t x_step = call.x_step, x_row = call.x_row, row_products = call.row_products,
                     y_step = call.y_step, column = panel * kPanelWidth,
                     in_last = call.channels - column - (kVectors - 1) * kLanes;
  V sums[kPixels][kVectors];
  KERATIN_UNROLL
  for (int j = 0; j < kVectors; ++j) {
    const std::int64_t at = column + j * kLanes;
    const V start =
        call.bias != nullptr ? simd::LoadN(d, call.bias + at, call.channels - at) : hn::Zero(d);
    KERATIN_UNROLL
    for (int i = 0; i < kPixels; ++i) sums[i][j] = start;
  }
  const float* HWY_RESTRICT x = call.x + (call.x_at + pixel * x_step + skipped);
  const float* HWY_RESTRICT w =
      call.w + panel * call.panel_floats + (call.first_row * row_products + skipped) * kWidth;
  for (std::int64_t p = 0; p < call.rows; ++p, x += x_row, w += row_products * kWidth) {
    const float* from[kPointers];
    KERATIN_UNROLL
    for (int i = 0; i < kPointers; ++i) from[i] = x + i * kReached * x_step;
    const float* HWY_RESTRICT b = w;
    for (std::int64_t q = 0; q < k; ++q, b += kWidth) {
      V row[kVectors];
      KERATIN_UNROLL
      for (int j = 0; j < kVectors; ++j) row[j] = hn::LoadU(d, b + j * kLanes);
      KERATIN_UNROLL
      for (int i = 0; i < kPixels; ++i) {
        const V value = hn::Set(d, from[i / kReached][i % kReached * x_step + q]);
        KERATIN_UNROLL
        for (int j = 0; j < kVectors; ++j) sums[i][j] = hn::MulAdd(value, row[j], sums[i][j]);
      }
    }
  }
  if (call.relu) {
    KERATIN_UNROLL
    for (int i = 0; i < kPixels; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < kVectors; ++j) {
        // Max would lose NaN on some targets.
        sums[i][j] = hn::IfThenZeroElse(hn::Lt(sums[i][j], hn::Zero(d)), sums[i][j]);
      }
    }
  }
  float* const y = call.y + pixel * y_step + column;
  if (call.streams) {
    KERATIN_UNROLL
    for (int i = 0; i < kPixels; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < kVectors; ++j) hn::Stream(sums[i][j], d, y + i * y_step + j * kLanes);
    }
    return;
  }
  const bool whole = in_last >= kLanes;
  KERATIN_UNROLL
  for (int i = 0; i < kPixels; ++i) {
    float* const to = y + i * y_step;
    KERATIN_UNROLL
    for (int j = 0; j < kVectors - 1; ++j) hn::StoreU(sums[i][j], d, to + j * kLanes);
    if (HWY_LIKELY(whole)) {
      hn::StoreU(sums[i][kVectors - 1], d, to + (kVectors - 1) * kLanes);
    } else {
      simd::StoreN(sums[i][kVectors - 1], d, to + (kVectors - 1) * kLanes, in_last);
    }
  }
}

// The same pixels of all panels, so that what is written lies together.
template <int kPixels>
void Tiles(const RunCall& call, std::int64_t pixel, std::int64_t skipped, std::int64_t k) {
  for (std::int64_t panel = call.panel; panel < call.panel_end; ++panel) {
    if (call.channels - panel * kPanelWidth > kLanes) {
      Tile<kPixels, 2>(call, panel, pixel, skipped, k);
    } else {
      Tile<kPixels, 1>(call, panel, pixel, skipped, k);
    }
  }
}

// Pixels that meet the same `k` products of a kernel row. The last tile may have some of the pixels
// of the one before it, with the same sums.
void Pixels(const RunCall& call, Range pixels, std::int64_t skipped, std::int64_t k) {
  const std::int64_t end = pixels.first + pixels.count;
  std::int64_t pixel = pixels.first;
  for (; pixel + kMostPixels <= end; pixel += kMostPixels) {
    Tiles<kMostPixels>(call, pixel, skipped, k);
  }
  const std::int64_t left = end - pixel;
  if (left == 0) return;
  if (left > kHalfPixels && pixels.count >= kMostPixels) {
    Tiles<kMostPixels>(call, end - kMostPixels, skipped, k);
  } else if (pixels.count >= kHalfPixels) {
    if (left > kHalfPixels) Tiles<kHalfPixels>(call, pixel, skipped, k);
    Tiles<kHalfPixels>(call, end - kHalfPixels, skipped, k);
  } else {
    for (; pixel < end; ++pixel) Tiles<1>(call, pixel, skipped, k);
  }
}

void RunBlock(const Conv2dShape& s, const Axis& down, const Axis& across, const RowBlock& block,
              const float* x, const float* packed, float* y, const Epilogue<float>& e,
              bool streams) {
  float* const out = y + block.image * s.out_h * s.out_w * s.out_c;
  const std::int64_t x_row = s.in_w * s.in_c, y_row = s.out_w * s.out_c;
  const Range columns = inner(across, 0, s.out_w, s.in_w),
              rows = inner(down, block.row, block.row + block.rows, s.in_h);
  const auto each_edge = [&](auto f) HWY_ATTR {
    for (std::int64_t column = 0; column < s.out_w; ++column) {
      if (column == columns.first) column += columns.count;
      if (column == s.out_w) return;
      const TapRange taps = across.taps_inside(column, s.in_w);
      f(column, taps.first * s.in_c, taps.count * s.in_c);
    }
  };
  const std::int64_t panels = (s.out_c + kPanelWidth - 1) / kPanelWidth,
                     of_row = s.depth() * s.out_c <= kNearWeights ? panels : 1;
  RunCall call{};
  call.x = x + block.image * s.in_h * x_row;
  call.x_row = s.dilation_h * x_row;
  call.row_products = s.kernel_w * s.in_c;
  call.w = packed;
  call.panel_floats = s.depth() * kPanelWidth;
  call.channels = s.out_c;
  call.bias = e.bias;
  call.relu = e.activation == Activation::relu;
  call.streams = streams;
  call.x_step = s.stride_w * s.in_c;
  call.y_step = s.out_c;
  for (std::int64_t row = block.row; row < block.row + block.rows; ++row) {
    const TapRange taps = down.taps_inside(row, s.in_h);
    call.x_at = (down.begin(row) + taps.first * s.dilation_h) * x_row - s.pad_left * s.in_c;
    call.first_row = taps.first;
    call.rows = taps.count;
    call.y = out + row * y_row;
    for (call.panel = 0; call.panel < panels; call.panel += of_row) {
      call.panel_end = call.panel + of_row;
      Pixels(call, columns, 0, call.row_products);
      if (row >= rows.first && row < rows.first + rows.count) continue;
      each_edge([&](std::int64_t column, std::int64_t skipped, std::int64_t k)
                    HWY_ATTR { Tiles<1>(call, column, skipped, k); });
    }
  }
  // Pixels at the left and right edges: one below the other meet the same taps.
  call.first_row = 0;
  call.rows = s.kernel_h;
  call.x_step = s.stride_h * x_row;
  call.y_step = y_row;
  for (call.panel = 0; call.panel < panels; call.panel += of_row) {
    call.panel_end = call.panel + of_row;
    each_edge([&](std::int64_t column, std::int64_t skipped, std::int64_t k) HWY_ATTR {
      call.x_at = across.begin(column) * s.in_c - s.pad_top * x_row;
      call.y = out + column * s.out_c;
      Pixels(call, rows, skipped, k);
    });
  }
}

// [panels][depth][kPanelWidth], the last one [depth][kLanes] if that is enough.
void PackPanels(const Conv2dShape& s, const float* w, float* packed) {
  for (std::int64_t column = 0; column < s.out_c; column += kPanelWidth) {
    const std::int64_t count = std::min(kPanelWidth, s.out_c - column);
    gemm::PackAcross(w + column, s.out_c, s.depth(), count, count > kLanes ? kPanelWidth : kLanes,
                     packed + column * s.depth());
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(PanelWidth);
HWY_EXPORT(PackPanels);
HWY_EXPORT(RunBlock);

bool conv2d_first_layer_applies(const Conv2dShape& s) {
  return conv2d_has_few_channels(s) && s.dilation_w == 1;
}

void conv2d_first_layer(const float* x, const float* w, float* y, const Epilogue<float>& e,
                        const Conv2dShape& s) {
  if (s.batch == 0) return;
  // Multiply-adds of a block: at the edges tiles run down its rows.
  constexpr std::int64_t kBlockWork = 1 << 19;
  const std::int64_t width = HWY_DYNAMIC_DISPATCH(PanelWidth)(),
                     padded = (s.out_c + width - 1) / width * width;
  const FloatScratch packed(s.depth() * padded);
  HWY_DYNAMIC_DISPATCH(PackPanels)(s, w, packed.data());
  const Axes axes = forward_axes(s);
  const bool streams = streams_lines(conv2d_cost<float>(s).bytes, y, s.out_c);
  const std::int64_t row_work = std::max<std::int64_t>(1, s.out_w * s.depth() * padded);
  const RowBlocks blocks(s.batch, s.out_h, kBlockWork / row_work);
  parallel_for(blocks.count, grain_for(row_work * blocks.largest(), kPieceWork),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   HWY_DYNAMIC_DISPATCH(RunBlock)
                   (s, axes.down[0], axes.across[0], blocks[i], x, packed.data(), y, e, streams);
                 }
                 if (streams) finish_streaming();
               });
}

}  // namespace keratin::kernels::cpu
#endif
