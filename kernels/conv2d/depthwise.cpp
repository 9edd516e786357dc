// Each channel by itself: vectors of channels, since channels do not meet. Some pixels of one row
// share the weights of a tap; for the weight gradient, some taps of a row share a pixel.
#include <cstring>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/conv2d/walk.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_DEPTHWISE_
#define KERATIN_KERNELS_CONV2D_DEPTHWISE_
namespace keratin::kernels::cpu {
namespace {
// One image of a phase, source to target.
struct Pass {
  const Axis &down, &across;
  const float *source, *w;
  float* target;
  std::int64_t channels, source_h, source_w, target_w, kernel_w;
  const float* bias;
  bool relu;
};

// Operands of the weight gradient for a block of output rows; x without gaps or borders, from the
// pixel of the block's first output and tap (0, 0) on.
struct DepthwiseBlock {
  const float *x, *dy;
  std::int64_t rows, x_row;  // floats from row to row
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

// `left` channels from p on; a whole vector unless kPart.
template <bool kPart>
HWY_INLINE V Load(const float* p, std::int64_t left) {
  return kPart ? simd::LoadN(D(), p, left) : hn::LoadU(D(), p);
}

// kPixels target pixels side by side, kVectors vectors of channels from c on. `from` is the first
// pixel's tap (0, 0) in the source.
template <int kPixels, int kVectors, bool kPart>
HWY_INLINE void Pixels(const Pass& pass, TapRange rows, TapRange columns, const float* from,
                       float* to, std::int64_t c) {
  const D d;
  const std::int64_t left = pass.channels - c;
  const std::int64_t from_step = pass.across.source_step * pass.channels;
  const std::int64_t to_step = pass.across.step * pass.channels;
  V sums[kPixels][kVectors];
  KERATIN_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const V start =
        pass.bias == nullptr ? hn::Zero(d) : Load<kPart>(pass.bias + c + v * kLanes, left);
    KERATIN_UNROLL
    for (int i = 0; i < kPixels; ++i) sums[i][v] = start;
  }
  for (std::int64_t p = rows.first; p < rows.first + rows.count; ++p) {
    const Axis::Tap row = pass.down.taps[static_cast<std::size_t>(p)];
    const float* const source_row = from + row.offset * pass.source_w * pass.channels + c;
    const float* const w_row = pass.w + row.index * pass.kernel_w * pass.channels + c;
    for (std::int64_t q = columns.first; q < columns.first + columns.count; ++q) {
      const Axis::Tap column = pass.across.taps[static_cast<std::size_t>(q)];
      const float* const x = source_row + column.offset * pass.channels;
      KERATIN_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const V weight = Load<kPart>(w_row + column.index * pass.channels + v * kLanes, left);
        KERATIN_UNROLL
        for (int i = 0; i < kPixels; ++i) {
          sums[i][v] =
              hn::MulAdd(Load<kPart>(x + i * from_step + v * kLanes, left), weight, sums[i][v]);
        }
      }
    }
  }
  KERATIN_UNROLL
  for (int i = 0; i < kPixels; ++i) {
    KERATIN_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      V sum = sums[i][v];
      if (pass.relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);
      float* const p = to + i * to_step + c + v * kLanes;
      if constexpr (kPart) {
        simd::StoreN(sum, d, p, left);
      } else {
        hn::StoreU(sum, d, p);
      }
    }
  }
}

template <int kPixels>
HWY_INLINE void AllChannels(const Pass& pass, TapRange rows, TapRange columns, const float* from,
                            float* to) {
  std::int64_t c = 0;
  for (; c + 2 * kLanes <= pass.channels; c += 2 * kLanes) {
    Pixels<kPixels, 2, false>(pass, rows, columns, from, to, c);
  }
  for (; c + kLanes <= pass.channels; c += kLanes) {
    Pixels<kPixels, 1, false>(pass, rows, columns, from, to, c);
  }
  if (c < pass.channels) Pixels<kPixels, 1, true>(pass, rows, columns, from, to, c);
}

// The i-th row of the phase.
void Row(const Pass& pass, std::int64_t i) {
  constexpr int kTile = 4;
  const Axis &down = pass.down, &across = pass.across;
  const TapRange rows = down.taps_inside(i, pass.source_h);
  const float* const source = pass.source + i * down.source_step * pass.source_w * pass.channels;
  float* const target =
      pass.target + ((down.first + i * down.step) * pass.target_w + across.first) * pass.channels;
  const auto taps = static_cast<std::int64_t>(across.taps.size());
  for (std::int64_t j = 0; j < across.count;) {
    const float* const from = source + j * across.source_step * pass.channels;
    float* const to = target + j * across.step * pass.channels;
    // Only the first and the last pixel of a tile can reach over an edge.
    if (j + kTile <= across.count && across.begin(j) >= 0 &&
        across.end(j + kTile - 1) <= pass.source_w) {
      AllChannels<kTile>(pass, rows, {0, taps}, from, to);
      j += kTile;
    } else {
      AllChannels<1>(pass, rows, across.taps_inside(j, pass.source_w), from, to);
      ++j;
    }
  }
}

// kTaps taps of one row of the kernel, kVectors vectors of channels: sums over a block's pixels are
// added to dw. x and dy are at the first pixel.
template <int kTaps, int kVectors, bool kPart>
HWY_INLINE void Taps(const Conv2dShape& s, const DepthwiseBlock& block, const float* x,
                     const float* dy, float* dw, std::int64_t left) {
  const D d;
  const std::int64_t step = s.stride_w * s.in_c, tap = s.dilation_w * s.in_c;
  V sums[kTaps][kVectors];
  KERATIN_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    KERATIN_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      sums[t][v] = Load<kPart>(dw + t * s.in_c + v * kLanes, left);
    }
  }
  for (std::int64_t i = 0; i < block.rows; ++i) {
    const float* from = x + i * s.stride_h * block.x_row;
    const float* g = dy + i * s.out_w * s.in_c;
    for (std::int64_t j = 0; j < s.out_w; ++j, from += step, g += s.in_c) {
      KERATIN_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const V gradient = Load<kPart>(g + v * kLanes, left);
        KERATIN_UNROLL
        for (int t = 0; t < kTaps; ++t) {
          sums[t][v] =
              hn::MulAdd(Load<kPart>(from + t * tap + v * kLanes, left), gradient, sums[t][v]);
        }
      }
    }
  }
  KERATIN_UNROLL
  for (int t = 0; t < kTaps; ++t) {
    KERATIN_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      float* const p = dw + t * s.in_c + v * kLanes;
      if constexpr (kPart) {
        simd::StoreN(sums[t][v], d, p, left);
      } else {
        hn::StoreU(sums[t][v], d, p);
      }
    }
  }
}

template <int kTaps>
HWY_INLINE void AllTapChannels(const Conv2dShape& s, const DepthwiseBlock& block, const float* x,
                               float* dw) {
  std::int64_t c = 0;
  if constexpr (kTaps == 1) {  // four sums would wait for each other
    for (; c + 8 * kLanes <= s.in_c; c += 8 * kLanes) {
      Taps<kTaps, 8, false>(s, block, x + c, block.dy + c, dw + c, s.in_c - c);
    }
  }
  for (; c + 4 * kLanes <= s.in_c; c += 4 * kLanes) {
    Taps<kTaps, 4, false>(s, block, x + c, block.dy + c, dw + c, s.in_c - c);
  }
  for (; c + kLanes <= s.in_c; c += kLanes) {
    Taps<kTaps, 1, false>(s, block, x + c, block.dy + c, dw + c, s.in_c - c);
  }
  if (c < s.in_c) Taps<kTaps, 1, true>(s, block, x + c, block.dy + c, dw + c, s.in_c - c);
}

void AddBlock(const Conv2dShape& s, const DepthwiseBlock& block, float* dw) {
  for (std::int64_t p = 0; p < s.kernel_h; ++p) {
    for (std::int64_t q = 0; q < s.kernel_w;) {
      const float* const x = block.x + p * s.dilation_h * block.x_row + q * s.dilation_w * s.in_c;
      float* const to = dw + (p * s.kernel_w + q) * s.in_c;
      const std::int64_t left = s.kernel_w - q;
      if (left >= 5 || left == 3) {  // 7 = 3 + 4, 5 = 3 + 2
        AllTapChannels<3>(s, block, x, to);
        q += 3;
      } else if (left == 4) {
        AllTapChannels<4>(s, block, x, to);
        q += 4;
      } else if (left == 2) {
        AllTapChannels<2>(s, block, x, to);
        q += 2;
      } else {
        AllTapChannels<1>(s, block, x, to);
        q += 1;
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Row);
HWY_EXPORT(AddBlock);

namespace {

void run(const Axes& axes, const Images& source, const Images& target, std::int64_t batch,
         const float* from, const float* w, float* to, const Epilogue<float>& e,
         std::int64_t kernel_w) {
  for (const Axis& down : axes.down) {
    for (const Axis& across : axes.across) {
      const auto taps = static_cast<std::int64_t>(down.taps.size() * across.taps.size());
      const std::int64_t row_work = across.count * source.pitch * (taps + 1);
      parallel_for(batch * down.count, grain_for(row_work),
                   [&](std::int64_t first, std::int64_t last) {
                     for (std::int64_t row = first; row < last; ++row) {
                       const std::int64_t n = row / down.count;
                       const Pass pass{down,
                                       across,
                                       from + n * source.size(),
                                       w,
                                       to + n * target.size(),
                                       source.pitch,
                                       source.height,
                                       source.width,
                                       target.width,
                                       kernel_w,
                                       e.bias,
                                       e.activation == Activation::relu};
                       HWY_DYNAMIC_DISPATCH(Row)(pass, row % down.count);
                     }
                   });
    }
  }
}

}  // namespace

bool conv2d_is_depthwise(const Conv2dShape& s) { return s.groups == s.in_c && s.in_c == s.out_c; }

void conv2d_depthwise(const float* x, const float* w, float* y, const Epilogue<float>& e,
                      const Conv2dShape& s) {
  run(forward_axes(s), {s.in_h, s.in_w, s.in_c, s.in_c}, {s.out_h, s.out_w, s.out_c, s.out_c},
      s.batch, x, w, y, e, s.kernel_w);
}

void conv2d_input_gradient_depthwise(const float* dy, const float* w, float* dx,
                                     const Conv2dShape& s) {
  run(input_gradient_axes(s), {s.out_h, s.out_w, s.out_c, s.out_c},
      {s.in_h, s.in_w, s.in_c, s.in_c}, s.batch, dy, w, dx, {}, s.kernel_w);
}

void conv2d_weight_gradient_depthwise(const float* x, const float* dy, float* dw,
                                      const Conv2dShape& s) {
  constexpr std::int64_t kBandFloats = 48 << 10;  // of a block's source: 192 KiB
  const Images images{s.in_h, s.in_w, s.in_c, s.in_c};
  const std::int64_t columns = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  const auto source_rows = [&](std::int64_t rows) {
    return (rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  };
  const RowBlocks blocks(s.batch, s.out_h, kBandFloats / (columns * s.in_c * s.stride_h));
  const bool padded =
      s.pad_top > 0 || s.pad_left > 0 || columns > s.in_w || source_rows(s.out_h) > s.in_h;
  sum_pieces(
      dw, s, blocks.count, 1,
      [&](std::int64_t first, std::int64_t last, std::int64_t, float* sums) {
        std::memset(sums, 0, static_cast<std::size_t>(s.weight_size()) * sizeof(float));
        const std::int64_t x_row = columns * s.in_c;
        const FloatScratch band(padded ? source_rows(blocks.largest()) * x_row : 0);
        for (std::int64_t i = first; i < last; ++i) {
          const RowBlock b = blocks[i];
          const float* const image = x + b.image * images.size();
          const std::int64_t row = b.row * s.stride_h - s.pad_top;
          DepthwiseBlock block{band.data(), dy + (b.image * s.out_h + b.row) * s.out_w * s.out_c,
                               b.rows, x_row};
          if (!padded) {
            block.x = image + row * s.in_w * s.in_c;
            block.x_row = s.in_w * s.in_c;
          } else {
            copy_band(image, images, row, source_rows(b.rows), -s.pad_left, columns, band.data());
          }
          HWY_DYNAMIC_DISPATCH(AddBlock)(s, block, sums);
        }
      });
}

}  // namespace keratin::kernels::cpu
#endif
