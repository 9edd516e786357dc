// Input gradient into 1 to 4 channels, as of images: a vector of input channels would be mostly
// empty, so vectors run along the output channels and each sum is folded into one number at the
// end.
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

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_FEW_CHANNELS_
#define KERATIN_KERNELS_CONV2D_FEW_CHANNELS_
namespace keratin::kernels::cpu {
namespace {
// Rows [row, row + rows) of the phase (down, across) of one image.
struct FewBlock {
  const Axis &down, &across;
  const float *dy, *weights;  // of the image; [taps in the phase's order][in_c][padded]
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
// Sums of a tile: 24 of 32 registers, or 12 of 16.
constexpr int kSums = gemm::kTileRows == 14 ? 24 : 12;

#if HWY_TARGET != HWY_SCALAR
template <class DV, class VV>
HWY_INLINE auto SumOfBlocks(DV, VV v) {
  if constexpr (hn::MaxLanes(DV()) <= 4) {
    return v;
  } else {
    const hn::Half<DV> half;
    return SumOfBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}
#endif

// The sums of all lanes of four vectors.
HWY_INLINE void FoldFour(const V* v, float* to) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 4; ++i) to[i] = hn::GetLane(v[i]);
#else
  const D d;
  const hn::Repartition<double, D> pairs;
  // In each block of four lanes: a0 + a2, b0 + b2, a1 + a3, b1 + b3.
  const V ab = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const V ce = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto p = hn::BitCast(pairs, ab), q = hn::BitCast(pairs, ce);
  const V sums = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, p, q)),
                         hn::BitCast(d, hn::InterleaveUpper(pairs, p, q)));
  hn::StoreU(SumOfBlocks(d, sums), hn::FixedTag<float, 4>(), to);
#endif
}

// kPixels pixels of dx with kChannels channels. `from` is the first pixel's first tap in the band,
// whose pixels lie `padded` and rows `row_floats` apart.
template <int kPixels, int kChannels>
void Pixels(const FewBlock& b, const float* from, std::int64_t row_floats, float* dx) {
  const D d;
  constexpr int kCount = kPixels * kChannels, kRounded = (kCount + 3) / 4 * 4;
  const std::int64_t padded = b.padded, first_row = b.down.begin(0), first = b.across.begin(0);
  V sums[kRounded];
  KERATIN_UNROLL
  for (int i = 0; i < kRounded; ++i) sums[i] = hn::Zero(d);
  const float* w = b.weights;
  for (const Axis::Tap& p : b.down.taps) {
    for (const Axis::Tap& q : b.across.taps) {
      // Up to 5 pixels are reached from one pointer: offsets 0 to 4 pixels.
      constexpr int kPointers = (kPixels + 4) / 5;
      const float* x[kPointers];
      KERATIN_UNROLL
      for (int i = 0; i < kPointers; ++i) {
        x[i] = from + (p.offset - first_row) * row_floats + (q.offset - first + 5 * i) * padded;
      }
      for (std::int64_t o = 0; o < padded; o += kLanes, w += kLanes) {
        V weights[kChannels];
        KERATIN_UNROLL
        for (int c = 0; c < kChannels; ++c) weights[c] = hn::LoadU(d, w + c * padded);
        KERATIN_UNROLL
        for (int i = 0; i < kPixels; ++i) {
          const V g = hn::LoadU(d, x[i / 5] + i % 5 * padded);
          KERATIN_UNROLL
          for (int c = 0; c < kChannels; ++c) {
            sums[i * kChannels + c] = hn::MulAdd(g, weights[c], sums[i * kChannels + c]);
          }
        }
        KERATIN_UNROLL
        for (int i = 0; i < kPointers; ++i) x[i] += kLanes;
      }
      w += (kChannels - 1) * padded;
    }
  }
  float folded[kRounded];
  KERATIN_UNROLL
  for (int i = 0; i < kRounded; i += 4) FoldFour(sums + i, folded + i);
  const std::int64_t step = b.across.step * kChannels;
  for (int i = 0; i < kPixels; ++i) {
    for (int c = 0; c < kChannels; ++c) dx[i * step + c] = folded[i * kChannels + c];
  }
}

// Tiles of one row; where the last would be narrower it starts earlier and computes some again.
template <int kPixels, int kChannels>
bool RowInTiles(const FewBlock& b, const float* band, std::int64_t row_floats, float* dx) {
  const std::int64_t count = b.across.count;
  if (count < kPixels) return false;
  for (std::int64_t j = 0; j < count; j += kPixels) {
    const std::int64_t pixel = std::min(j, count - kPixels);
    Pixels<kPixels, kChannels>(b, band + pixel * b.padded, row_floats,
                               dx + pixel * b.across.step * kChannels);
  }
  return true;
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
    if (!inside || last - first < width) std::fill_n(to, row_floats, 0.0f);
    if (inside) {
      gemm::PackAcross(b.dy + (r * s.out_w + column + first) * s.out_c, s.out_c, last - first,
                       s.out_c, b.padded, to + first * b.padded);
    }
  }
  for (std::int64_t i = 0; i < b.rows; ++i) {
    const float* const from = band + i * row_floats;
    float* const dx =
        b.dx + ((b.down.first + (b.row + i) * b.down.step) * s.in_w + b.across.first) * kChannels;
    if (!RowInTiles<std::min(16, kSums / kChannels), kChannels>(b, from, row_floats, dx) &&
        !RowInTiles<3, kChannels>(b, from, row_floats, dx)) {
      RowInTiles<1, kChannels>(b, from, row_floats, dx);
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
          const float* from = w + (p.index * s.kernel_w + q.index) * s.in_c * s.out_c;
          for (std::int64_t c = 0; c < s.in_c; ++c, from += s.out_c, to += padded) {
            std::fill(std::copy_n(from, s.out_c, to), to + padded, 0.0f);
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
