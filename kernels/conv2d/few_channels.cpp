// Input gradient into 1 to 4 channels, as of images: a vector of input channels would be mostly
// empty, so vectors run along the output channels and each sum is folded into one number at the
// end. The taps of a kernel row lie side by side in dy: one run of vectors. Pixels near an edge
// meet fewer taps; those that meet the same ones are a rectangle, and tiles lie along its longer
// side, so that dy is read as it lies, without zeros around it.
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
// Target pixels [begin, end) of an axis, which all meet the same taps.
struct Stretch {
  std::int64_t begin, end;
  TapRange taps;
};

// One phase. Pixels of dy are `padded` floats wide, whole vectors: copied so where out_c is not.
struct FewPhase {
  const Axis &down, &across;
  const float* weights;  // [taps of the phase][padded / lanes][in_c][lanes]
  std::int64_t padded;
  std::vector<Stretch> rows, columns;
  // For each stretch of columns the runs of each of down.taps, as many for one as for another;
  // offsets in dy from the pixel with the target's place.
  std::vector<std::vector<Segment>> segments;
};

std::vector<Stretch> stretches(const Axis& axis, std::int64_t size) {
  std::vector<Stretch> all;
  for (std::int64_t i = 0; i < axis.count; ++i) {
    const TapRange taps = axis.taps_inside(i, size);
    const bool same =
        !all.empty() && all.back().taps.first == taps.first && all.back().taps.count == taps.count;
    if (same) {
      ++all.back().end;
    } else {
      all.push_back({i, i + 1, taps});
    }
  }
  return all;
}

std::vector<Segment> runs(const FewPhase& phase, TapRange columns, const Conv2dShape& s) {
  std::vector<Segment> all;
  const auto& taps = phase.across.taps;
  std::int64_t tap = 0;
  for (const Axis::Tap& p : phase.down.taps) {
    for (std::int64_t q = columns.first; q < columns.first + columns.count; ++q) {
      const auto at = static_cast<std::size_t>(q);
      if (q > columns.first && taps[at].offset == taps[at - 1].offset + 1) {
        all.back().k += phase.padded;
      } else {
        all.push_back({(p.offset * s.out_w + taps[at].offset) * phase.padded,
                       (tap + q) * phase.padded * s.in_c, phase.padded});
      }
    }
    tap += static_cast<std::int64_t>(taps.size());
  }
  return all;
}

// Rows [row, row + rows) of the phase, of one image, whose dy begins with row dy_row.
struct FewBlock {
  const float* dy;
  std::int64_t dy_row;
  float* dx;
  std::int64_t row, rows;
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

// kPixels pixels of dx with kChannels channels, `step` floats apart. dy[at] is, or would be, the
// pixel with the first one's place; those of the others lie `apart` floats apart.
template <int kPixels, int kChannels>
void Pixels(const float* dy, std::int64_t at, std::int64_t apart, const float* weights,
            const Segment* segments, std::int64_t count, std::int64_t step, float* dx) {
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
    for (int i = 0; i < kPointers; ++i) x[i] = dy + (at + s->a + 5 * i * apart);
    for (std::int64_t left = s->k; left > 0; left -= kLanes, w += kChannels * kLanes) {
      V row[kChannels];
      KERATIN_UNROLL
      for (int c = 0; c < kChannels; ++c) row[c] = hn::LoadU(d, w + c * kLanes);
      KERATIN_UNROLL
      for (int i = 0; i < kPixels; ++i) {
        const V g = hn::LoadU(d, x[i / 5] + i % 5 * apart);
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
void Block(const FewPhase& phase, const FewBlock& b, const Conv2dShape& s) {
  constexpr int kMost = MostPixels(kChannels);
  const auto down_taps = static_cast<std::int64_t>(phase.down.taps.size());
  // Floats from row to row and from pixel to pixel.
  const std::int64_t dy_pitch = s.out_w * phase.padded, dy_pixel = phase.padded,
                     dx_row = phase.down.step * s.in_w * kChannels,
                     dx_pixel = phase.across.step * kChannels;
  constexpr std::int64_t kLineFloats = 16, kStripFloats = 4 << 10;
  // From a pixel to the row of dy that the pixel below it is the first to read.
  const std::int64_t next_row = phase.down.end(0) * dy_pitch;
  float* const dx = b.dx + (phase.down.first * s.in_w + phase.across.first) * kChannels;
  for (const Stretch& down : phase.rows) {
    const std::int64_t row = std::max(down.begin, b.row),
                       row_end = std::min(down.end, b.row + b.rows);
    if (row >= row_end) continue;
    for (std::size_t n = 0; n < phase.columns.size(); ++n) {
      const Stretch& across = phase.columns[n];
      const std::vector<Segment>& all = phase.segments[n];
      const std::int64_t of_tap =
          down_taps == 0 ? 0 : static_cast<std::int64_t>(all.size()) / down_taps;
      const std::int64_t rows = row_end - row, columns = across.end - across.begin;
      const bool along_rows = columns >= std::min<std::int64_t>(rows, kMost);
      const bool ask_early = along_rows && s.out_c == dy_pixel;  // a copy is in the cache
      const std::int64_t lines = along_rows ? rows : columns, pixels = along_rows ? columns : rows;
      const std::int64_t tiles = (pixels + kMost - 1) / kMost;
      // Tiles of a strip go down the lines, so that the first-level cache has what the next line
      // reads again.
      const std::int64_t of_strip =
          along_rows
              ? std::max<std::int64_t>(
                    1, kStripFloats / std::max<std::int64_t>(1, down_taps * kMost * dy_pixel))
              : tiles;
      for (std::int64_t strip = 0; strip < tiles; strip += of_strip) {
        const std::int64_t strip_end = std::min(tiles, strip + of_strip);
        for (std::int64_t line = 0; line < lines; ++line) {
          for (std::int64_t tile = strip; tile < strip_end; ++tile) {
            const std::int64_t pixel = gemm::TileStart(pixels, tiles, tile),
                               count = gemm::TileStart(pixels, tiles, tile + 1) - pixel;
            const std::int64_t y = row + (along_rows ? line : pixel),
                               x = across.begin + (along_rows ? pixel : line);
            const std::int64_t at = (y - b.dy_row) * dy_pitch + x * dy_pixel;
            for (std::int64_t i = 0; ask_early && i < count * dy_pixel; i += kLineFloats) {
              __builtin_prefetch(b.dy + (at + next_row + i));
            }
            PixelsOf<kChannels>(count, std::make_integer_sequence<int, kMost>())(
                b.dy, at, along_rows ? dy_pixel : dy_pitch, phase.weights,
                all.data() + down.taps.first * of_tap, down.taps.count * of_tap,
                along_rows ? dx_pixel : dx_row, dx + y * dx_row + x * dx_pixel);
          }
        }
      }
    }
  }
}

void RunBlock(const FewPhase& phase, const FewBlock& b, const Conv2dShape& s) {
  switch (s.in_c) {
    case 1:
      return Block<1>(phase, b, s);
    case 2:
      return Block<2>(phase, b, s);
    case 3:
      return Block<3>(phase, b, s);
    default:
      return Block<4>(phase, b, s);
  }
}

void Pad(const float* from, std::int64_t pixels, std::int64_t channels, std::int64_t padded,
         float* to) {
  gemm::PackAcross(from, channels, pixels, channels, padded, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(RunBlock);
HWY_EXPORT(Pad);

bool conv2d_has_few_channels(const Conv2dShape& s) { return s.groups == 1 && s.in_c <= 4; }

namespace {

// [taps of the phase][padded / lanes][in_c][lanes]
void pack_weights(const float* w, const FewPhase& phase, std::int64_t lanes, const Conv2dShape& s,
                  float* to) {
  for (const Axis::Tap& p : phase.down.taps) {
    for (const Axis::Tap& q : phase.across.taps) {
      const float* const from = w + (p.index * s.kernel_w + q.index) * s.in_c * s.out_c;
      for (std::int64_t o = 0; o < phase.padded; o += lanes) {
        const std::int64_t some = std::min(lanes, s.out_c - o);
        for (std::int64_t c = 0; c < s.in_c; ++c, to += lanes) {
          std::fill(std::copy_n(from + c * s.out_c + o, some, to), to + lanes, 0.0f);
        }
      }
    }
  }
}

void run_phase(const float* dy, const FewPhase& phase, float* dx, const Conv2dShape& s) {
  constexpr std::int64_t kBandFloats = 48 << 10;  // of dy for a block: 192 KiB
  constexpr std::int64_t kMostWork = 1 << 22;     // multiply-adds of a block
  const Axis &down = phase.down, &across = phase.across;
  const auto taps = static_cast<std::int64_t>(down.taps.size() * across.taps.size());
  const std::int64_t row_work = across.count * (taps * s.in_c + 1) * phase.padded,
                     row_floats = s.out_w * phase.padded;
  const std::int64_t most = kBandFloats / std::max<std::int64_t>(1, row_floats);
  const RowBlocks blocks(s.batch, down.count, std::min(most, kMostWork / row_work));
  const std::int64_t largest = blocks.largest();
  const bool copied = s.out_c != phase.padded;
  const std::int64_t band_rows = std::min(s.out_h, down.end(largest - 1) - down.begin(0));
  parallel_for(
      blocks.count, grain_for(row_work * largest, kPieceWork),
      [&](std::int64_t first, std::int64_t last) {
        const FloatScratch band(copied ? band_rows * row_floats : 0);
        for (std::int64_t i = first; i < last; ++i) {
          const RowBlock b = blocks[i];
          FewBlock block{dy + b.image * s.out_h * s.out_w * s.out_c, 0,
                         dx + b.image * s.in_h * s.in_w * s.in_c, b.row, b.rows};
          if (copied) {
            const std::int64_t row = std::clamp<std::int64_t>(down.begin(b.row), 0, s.out_h);
            const std::int64_t end = std::clamp(down.end(b.row + b.rows - 1), row, s.out_h);
            HWY_DYNAMIC_DISPATCH(Pad)
            (block.dy + row * s.out_w * s.out_c, (end - row) * s.out_w, s.out_c, phase.padded,
             band.data());
            block.dy = band.data();
            block.dy_row = row;
          }
          HWY_DYNAMIC_DISPATCH(RunBlock)(phase, block, s);
        }
      });
}

}  // namespace

void conv2d_input_gradient_few_channels(const float* dy, const float* w, float* dx,
                                        const Conv2dShape& s) {
  if (s.batch == 0) return;
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)(),
                     padded = (s.out_c + lanes - 1) / lanes * lanes;
  const Axes axes = input_gradient_axes(s);
  for (const Axis& down : axes.down) {
    for (const Axis& across : axes.across) {
      if (down.count == 0 || across.count == 0) continue;
      const auto taps = static_cast<std::int64_t>(down.taps.size() * across.taps.size());
      const FloatScratch weights(taps * s.in_c * padded);
      FewPhase phase{down,
                     across,
                     weights.data(),
                     padded,
                     stretches(down, s.out_h),
                     stretches(across, s.out_w),
                     {}};
      for (const Stretch& columns : phase.columns) {
        phase.segments.push_back(runs(phase, columns.taps, s));
      }
      pack_weights(w, phase, lanes, s, weights.data());
      run_phase(dy, phase, dx, s);
    }
  }
}

}  // namespace keratin::kernels::cpu
#endif
