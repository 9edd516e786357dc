// Input gradient into 1 to 4 channels, as of images: a vector of input channels would be mostly
// empty, so vectors run along the output channels and each sum is folded into one number at the
// end. The taps of a kernel row lie side by side in dy: one run of vectors.
#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/conv2d/walk.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/few_channels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_FEW_CHANNELS_
#define KERATIN_KERNELS_CONV2D_FEW_CHANNELS_
namespace keratin::kernels::cpu {
namespace {
// Rows [row, row + rows) of the phase (down, across) of one image.
struct FewBlock {
  const Axis &down, &across;
  const float *dy, *weights;  // of the image; [taps of the phase][padded / lanes][in_c][lanes]
  float* dx;                  // of the image
  std::int64_t row, rows, padded;
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using gemm::D;
using gemm::kLanes;
using gemm::V;
namespace hn = hwy::HWY_NAMESPACE;

std::int64_t Lanes() { return kLanes; }
// Pixels of a tile at most: beside their sums, registers hold a vector of weights for each channel
// and one of dy.
constexpr int kRegisters = gemm::kTileRows == 14 ? 32 : 16;
constexpr int MostPixels(int channels) {
  return std::min(16, (kRegisters - 1 - channels) / channels);
}

// kPixels pixels of dx with kChannels channels. `from` is the first pixel's first tap in the band,
// whose pixels lie `padded` floats apart.
template <int kPixels, int kChannels>
void Pixels(const float* from, std::int64_t padded, const float* weights, const Segment* segments,
            std::int64_t count, std::int64_t step, float* dx) {
  const D d;
  constexpr int kSums = kPixels * kChannels, kRounded = (kSums + 3) / 4 * 4;
  // Up to 5 pixels are reached from one pointer: offsets 0 to 4 pixels.
  constexpr int kPointers = (kPixels + 4) / 5;
  V sums[kRounded];
  KERATIN_UNROLL
  for (int i = 0; i < kRounded; ++i) sums[i] = hn::Zero(d);
  for (const Segment* s = segments; s < segments + count; ++s) {
    const float* w = weights + s->b;
    const float* x[kPointers];
    KERATIN_UNROLL
    for (int i = 0; i < kPointers; ++i) x[i] = from + s->a + 5 * i * padded;
    for (std::int64_t left = s->k; left > 0; left -= kLanes, w += kChannels * kLanes) {
      V row[kChannels];
      KERATIN_UNROLL
      for (int c = 0; c < kChannels; ++c) row[c] = hn::LoadU(d, w + c * kLanes);
      KERATIN_UNROLL
      for (int i = 0; i < kPixels; ++i) {
        const V g = hn::LoadU(d, x[i / 5] + i % 5 * padded);
        KERATIN_UNROLL
        for (int c = 0; c < kChannels; ++c) {
          sums[i * kChannels + c] = hn::MulAdd(g, row[c], sums[i * kChannels + c]);
        }
      }
      KERATIN_UNROLL
      for (int i = 0; i < kPointers; ++i) x[i] += kLanes;
    }
  }
  float folded[kRounded];
  KERATIN_UNROLL
  for (int i = 0; i < kRounded; i += 4) gemm::FoldFour(sums + i, folded + i);
  KERATIN_UNROLL
  for (int i = 0; i < kPixels; ++i) {
    KERATIN_UNROLL
    for (int c = 0; c < kChannels; ++c) dx[i * step + c] = folded[i * kChannels + c];
  }
}

using PixelsFn = decltype(&Pixels<1, 1>);
template <int kChannels, int... kPixel>
HWY_INLINE PixelsFn PixelsOf(std::int64_t pixels, std::integer_sequence<int, kPixel...>) {
  static constexpr PixelsFn kTiles[] = {&Pixels<kPixel + 1, kChannels>...};
  return kTiles[pixels - 1];
}

template <int kChannels>
void Block(const FewBlock& b, const Conv2dShape& s, float* band) {
  const std::int64_t row = b.down.begin(b.row), row_end = b.down.end(b.row + b.rows - 1);
  const std::int64_t column = b.across.begin(0), width = b.across.end(b.across.count - 1) - column;
  const std::int64_t row_floats = width * b.padded;
  // Columns [first, last) of the band lie in dy.
  const std::int64_t first = std::clamp<std::int64_t>(-column, 0, width),
                     last = std::clamp<std::int64_t>(s.out_w - column, first, width);
  for (std::int64_t r = row; r < row_end; ++r) {
    float* const to = band + (r - row) * row_floats;
    const bool inside = r >= 0 && r < s.out_h && first < last;
    if (!inside) {
      std::fill_n(to, row_floats, 0.0f);
      continue;
    }
    std::fill_n(to, first * b.padded, 0.0f);
    std::fill_n(to + last * b.padded, (width - last) * b.padded, 0.0f);
    if (s.out_c == b.padded) {
      std::copy_n(b.dy + (r * s.out_w + column + first) * s.out_c, (last - first) * s.out_c,
                  to + first * b.padded);
    } else {
      gemm::PackAcross(b.dy + (r * s.out_w + column + first) * s.out_c, s.out_c, last - first,
                       s.out_c, b.padded, to + first * b.padded);
    }
  }
  constexpr int kMost = MostPixels(kChannels);
  const std::int64_t count = b.across.count, tiles = (count + kMost - 1) / kMost;
  const std::vector<Segment> segments =
      tap_segments(b.down, b.across, b.padded, row_floats, kChannels);
  const auto all_taps = static_cast<std::int64_t>(b.down.taps.size());
  const auto of_tap =
      static_cast<std::int64_t>(segments.size()) / std::max<std::int64_t>(1, all_taps);
  for (std::int64_t i = 0; i < b.rows; ++i) {
    const TapRange taps = b.down.taps_inside(b.row + i, s.out_h);
    const float* const from = band + i * row_floats;
    float* const dx =
        b.dx + ((b.down.first + (b.row + i) * b.down.step) * s.in_w + b.across.first) * kChannels;
    const std::int64_t step = b.across.step * kChannels;
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t pixel = gemm::TileStart(count, tiles, tile);
      const std::int64_t pixels = gemm::TileStart(count, tiles, tile + 1) - pixel;
      PixelsOf<kChannels>(pixels, std::make_integer_sequence<int, kMost>())(
          from + pixel * b.padded, b.padded, b.weights, segments.data() + taps.first * of_tap,
          taps.count * of_tap, step, dx + pixel * step);
    }
  }
}

void RunBlock(const FewBlock& b, const Conv2dShape& s, float* band) {
  switch (s.in_c) {
    case 1:
      return Block<1>(b, s, band);
    case 2:
      return Block<2>(b, s, band);
    case 3:
      return Block<3>(b, s, band);
    default:
      return Block<4>(b, s, band);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(RunBlock);

bool conv2d_has_few_channels(const Conv2dShape& s) { return s.groups == 1 && s.in_c <= 4; }

void conv2d_input_gradient_few_channels(const float* dy, const float* w, float* dx,
                                        const Conv2dShape& s) {
  constexpr std::int64_t kPieceWork = 1 << 19;    // multiply-adds
  constexpr std::int64_t kBandFloats = 48 << 10;  // of dy for a block: 192 KiB
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)(),
                     padded = (s.out_c + lanes - 1) / lanes * lanes;
  if (s.batch == 0) return;
  const Axes axes = input_gradient_axes(s);
  for (const Axis& down : axes.down) {
    for (const Axis& across : axes.across) {
      if (down.count == 0 || across.count == 0) continue;
      const auto taps = static_cast<std::int64_t>(down.taps.size() * across.taps.size());
      const FloatScratch weights(taps * s.in_c * padded);
      float* to = weights.data();
      for (const Axis::Tap& p : down.taps) {
        for (const Axis::Tap& q : across.taps) {
          const float* const from = w + (p.index * s.kernel_w + q.index) * s.in_c * s.out_c;
          for (std::int64_t o = 0; o < padded; o += lanes) {
            const std::int64_t some = std::min(lanes, s.out_c - o);
            for (std::int64_t c = 0; c < s.in_c; ++c, to += lanes) {
              std::fill(std::copy_n(from + c * s.out_c + o, some, to), to + lanes, 0.0f);
            }
          }
        }
      }
      const std::int64_t width = across.end(across.count - 1) - across.begin(0);
      const std::int64_t row_work = across.count * (taps * s.in_c + 1) * padded;
      const std::int64_t most = kBandFloats / std::max<std::int64_t>(1, width * padded);
      const RowBlocks blocks(s.batch, down.count, std::min(most, 8 * kPieceWork / row_work));
      const std::int64_t largest = blocks.largest();
      const std::int64_t band_floats = (down.end(largest - 1) - down.begin(0)) * width * padded;
      parallel_for(blocks.count, grain_for(row_work * largest, kPieceWork),
                   [&](std::int64_t first, std::int64_t last) {
                     const FloatScratch band(band_floats);
                     for (std::int64_t i = first; i < last; ++i) {
                       const RowBlock b = blocks[i];
                       const FewBlock block{down,
                                            across,
                                            dy + b.image * s.out_h * s.out_w * s.out_c,
                                            weights.data(),
                                            dx + b.image * s.in_h * s.in_w * s.in_c,
                                            b.row,
                                            b.rows,
                                            padded};
                       HWY_DYNAMIC_DISPATCH(RunBlock)(block, s, band.data());
                     }
                   });
    }
  }
}

}  // namespace keratin::kernels::cpu
#endif
