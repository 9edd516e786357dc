// Each channel by itself, 3 x 3, stride 1: a tile of 2 rows x 7 pixels of one vector of channels
// keeps all nine weights and its sums in registers, and reads 36 vectors of the source for 14 of
// the target. Rows and columns outside the image are read from a row of zeros. While a band of rows
// is computed, the rows that the next adds are asked for; results that no cache would hold bypass
// it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/depthwise_3x3.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_DEPTHWISE_3X3_
#define KERATIN_KERNELS_CONV2D_DEPTHWISE_3X3_
namespace keratin::kernels::cpu {
namespace {
// The target's pixel (i, j) meets source pixels (i - up, j - left) to (i - up + 2, j - left + 2).
struct Meeting {
  std::int64_t channels, source_h, source_w, target_h, target_w, up, left;
  const float* zeros;  // of all channels
};
// What the target is: sums of taps with an epilogue, or what a weight gradient reads.
struct Weighing {
  const float *w, *bias;  // [9, channels]; bias may be null
  bool relu, streams;
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
constexpr std::int64_t kLine = 16;  // floats of a line of the caches
// 9 weights, or their sums, and 14 (4) pixels in 32 (16) registers.
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM;
constexpr int kRows = kManyRegisters ? 2 : 1, kPixels = kManyRegisters ? 7 : 4;

std::int64_t Lanes() { return kLanes; }
std::int64_t BandRows() { return kRows; }

// Where a tile's source pixels lie: at `first` and the distances of an image, or, over an edge,
// each at a pointer of its own.
struct Source {
  const float* first;
  std::int64_t pixel, row;
  const float* const* each;  // [rows + 2][pixels + 2]
  const float* next;         // the rows that the next band adds, at the same columns
};

// Calls f(row, column, vector) for the source of R x P pixels, channels from c on.
template <int R, int P, bool kEdge, class F>
HWY_INLINE void ForEachSource(const Source& s, std::int64_t c, F f) {
  const D d;
  const float* p = s.first + c;
  const float* ahead = s.next + c;
  KERATIN_UNROLL
  for (int j = 0; j < P + 2; ++j, p += s.pixel) {
    KERATIN_UNROLL
    for (int r = 0; r < R + 2; ++r) {
      f(r, j, hn::LoadU(d, kEdge ? s.each[r * (P + 2) + j] + c : p + r * s.row));
    }
    if (j >= P) continue;
    KERATIN_UNROLL
    for (int r = 0; r < R; ++r) __builtin_prefetch(ahead + r * s.row, 0, 2);
    ahead += s.pixel;
  }
}

// Calls f(tap, target row, target column) for the taps by which source (r, j) reaches R x P pixels.
template <int R, int P, class F>
HWY_INLINE void ForEachTap(int r, int j, F f) {
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
    KERATIN_UNROLL
    for (int t = 0; t < 3; ++t) {
      if (r >= i && r - i < 3 && j >= t && j - t < P) f((r - i) * 3 + t, i, j - t);
    }
  }
}

// R x P sums of channels [c, c + lanes), put(row, column, vector).
template <int R, int P, bool kEdge, class F>
HWY_INLINE void WeighVector(const Source& s, std::int64_t channels, const Weighing& w,
                            std::int64_t c, F put) {
  const D d;
  V weights[9], sums[R][P];
  KERATIN_UNROLL
  for (int i = 0; i < 9; ++i) weights[i] = hn::LoadU(d, w.w + i * channels + c);
  const V start = w.bias != nullptr ? hn::LoadU(d, w.bias + c) : hn::Zero(d);
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
    KERATIN_UNROLL
    for (int j = 0; j < P; ++j) sums[i][j] = start;
  }
  ForEachSource<R, P, kEdge>(s, c, [&](int r, int j, V x) HWY_ATTR {
    ForEachTap<R, P>(r, j, [&](int tap, int row, int column) HWY_ATTR {
      sums[row][column] = hn::MulAdd(x, weights[tap], sums[row][column]);
    });
  });
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
    KERATIN_UNROLL
    for (int j = 0; j < P; ++j) {
      // Max would lose NaN on some targets.
      const V sum = sums[i][j];
      put(i, j, w.relu ? hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum) : sum);
    }
  }
}

template <int R, int P, bool kEdge>
void WeighTile(const Source& source, std::int64_t channels, const Weighing& by, float* to,
               std::int64_t to_row) {
  const D d;
  const Weighing w = by;  // a vector store may alias anything
  const Source s = source;
  if (!w.streams) {
    for (std::int64_t c = 0; c < channels; c += kLanes) {
      WeighVector<R, P, kEdge>(s, channels, w, c, [&](int i, int j, V sum) HWY_ATTR {
        hn::StoreU(sum, d, to + i * to_row + j * channels + c);
      });
    }
    return;
  }
  // Whole lines: a half of one that has to make room for others costs as much.
  for (std::int64_t c = 0; c < channels; c += kLine) {
    alignas(64) float lines[R][P][kLine];
    for (std::int64_t part = 0; part < kLine; part += kLanes) {
      WeighVector<R, P, kEdge>(s, channels, w, c + part, [&](int i, int j, V sum) HWY_ATTR {
        hn::StoreU(sum, d, lines[i][j] + part);
      });
    }
    for (int i = 0; i < R; ++i) {
      for (int j = 0; j < P; ++j) {
        float* const p = to + i * to_row + j * channels + c;
        KERATIN_UNROLL
        for (std::int64_t part = 0; part < kLine; part += kLanes)
          hn::Stream(hn::LoadU(d, lines[i][j] + part), d, p + part);
      }
    }
  }
}

// dw[tap] += sum over the tile of x[tap] dy.
template <int R, int P, bool kEdge>
void WeightTile(const Source& source, std::int64_t channels, const float* dy, std::int64_t dy_row,
                float* dw) {
  const D d;
  const Source s = source;
  for (std::int64_t c = 0; c < channels; c += kLanes) {
    V sums[9], g[R][P];
    KERATIN_UNROLL
    for (int i = 0; i < 9; ++i) sums[i] = hn::LoadU(d, dw + i * channels + c);
    KERATIN_UNROLL
    for (int i = 0; i < R; ++i) {
      KERATIN_UNROLL
      for (int j = 0; j < P; ++j) {
        const float* const p = dy + i * dy_row + j * channels + c;
        g[i][j] = hn::LoadU(d, p);
        __builtin_prefetch(p + R * dy_row, 0, 2);
      }
    }
    ForEachSource<R, P, kEdge>(s, c, [&](int r, int j, V x) HWY_ATTR {
      ForEachTap<R, P>(r, j, [&](int tap, int row, int column) HWY_ATTR {
        sums[tap] = hn::MulAdd(x, g[row][column], sums[tap]);
      });
    });
    KERATIN_UNROLL
    for (int i = 0; i < 9; ++i) hn::StoreU(sums[i], d, dw + i * channels + c);
  }
}

using WeighFn = void (*)(const Source&, std::int64_t, const Weighing&, float*, std::int64_t);
using WeightFn = void (*)(const Source&, std::int64_t, const float*, std::int64_t, float*);

template <int R, bool kEdge, int... kPixel>
HWY_INLINE WeighFn WeighTileOf(std::int64_t pixels, std::integer_sequence<int, kPixel...>) {
  static constexpr WeighFn kTiles[] = {&WeighTile<R, kPixel + 1, kEdge>...};
  return kTiles[pixels - 1];
}
template <int R, bool kEdge, int... kPixel>
HWY_INLINE WeightFn WeightTileOf(std::int64_t pixels, std::integer_sequence<int, kPixel...>) {
  static constexpr WeightFn kTiles[] = {&WeightTile<R, kPixel + 1, kEdge>...};
  return kTiles[pixels - 1];
}

// Calls f(is it over an edge, pixels, source, first target column) for the tiles of target rows
// [row, row + R) of an image.
template <int R, class F>
HWY_INLINE void ForEachTile(const Meeting& m, const float* image, std::int64_t row, F f) {
  const std::int64_t pitch = m.source_w * m.channels, top = row - m.up;
  const std::int64_t tiles = (m.target_w + kPixels - 1) / kPixels;
  const float* each[(kRows + 2) * (kPixels + 2)];
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t j = tile * m.target_w / tiles, pixels = (tile + 1) * m.target_w / tiles - j;
    const std::int64_t first = j - m.left;
    const bool edge =
        top < 0 || top + R + 2 > m.source_h || first < 0 || first + pixels + 2 > m.source_w;
    Source s{image, m.channels, pitch, each, image};
    if (edge) {
      for (std::int64_t r = 0; r < R + 2; ++r) {
        for (std::int64_t q = 0; q < pixels + 2; ++q) {
          const std::int64_t h = top + r, w = first + q;
          const bool inside = h >= 0 && h < m.source_h && w >= 0 && w < m.source_w;
          each[r * (pixels + 2) + q] = inside ? image + h * pitch + w * m.channels : m.zeros;
        }
      }
    } else {
      s.first = image + top * pitch + first * m.channels;
    }
    const std::int64_t at = std::clamp<std::int64_t>(top + R + 2, 0, m.source_h - R);
    if (at >= 0)
      s.next = image + at * pitch + std::clamp<std::int64_t>(first, 0, m.source_w - 1) * m.channels;
    f(edge, pixels, s, j);
  }
}

template <int R>
HWY_INLINE void WeighRows(const Meeting& m, const float* image, const Weighing& by, float* target,
                          std::int64_t row) {
  constexpr auto kEach = std::make_integer_sequence<int, kPixels>();
  const std::int64_t to_row = m.target_w * m.channels;
  ForEachTile<R>(
      m, image, row, [&](bool edge, std::int64_t pixels, const Source& s, std::int64_t j) HWY_ATTR {
        const WeighFn run =
            edge ? WeighTileOf<R, true>(pixels, kEach) : WeighTileOf<R, false>(pixels, kEach);
        run(s, m.channels, by, target + row * to_row + j * m.channels, to_row);
      });
}

// Target rows [row, row + rows) of an image, at most kRows.
void WeighBand(const Meeting& m, const float* image, const Weighing& by, float* target,
               std::int64_t row, std::int64_t rows) {
  if (rows == kRows) return WeighRows<kRows>(m, image, by, target, row);
  WeighRows<1>(m, image, by, target, row);
}

template <int R>
HWY_INLINE void WeightRows(const Meeting& m, const float* image, const float* dy, float* dw,
                           std::int64_t row) {
  constexpr auto kEach = std::make_integer_sequence<int, kPixels>();
  const std::int64_t dy_row = m.target_w * m.channels;
  ForEachTile<R>(
      m, image, row, [&](bool edge, std::int64_t pixels, const Source& s, std::int64_t j) HWY_ATTR {
        const WeightFn run =
            edge ? WeightTileOf<R, true>(pixels, kEach) : WeightTileOf<R, false>(pixels, kEach);
        run(s, m.channels, dy + row * dy_row + j * m.channels, dy_row, dw);
      });
}

void WeightBand(const Meeting& m, const float* image, const float* dy, float* dw, std::int64_t row,
                std::int64_t rows) {
  if (rows == kRows) return WeightRows<kRows>(m, image, dy, dw, row);
  WeightRows<1>(m, image, dy, dw, row);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(BandRows);
HWY_EXPORT(WeighBand);
HWY_EXPORT(WeightBand);

namespace {

// A row of zeros of `channels`.
class Zeros : public FloatScratch {
 public:
  explicit Zeros(std::int64_t channels) : FloatScratch(channels) {
    std::fill_n(data(), channels, 0.0F);
  }
};

void weigh(const Meeting& m, std::int64_t batch, const float* source, const Weighing& by,
           float* target) {
  const std::int64_t band = HWY_DYNAMIC_DISPATCH(BandRows)();
  const std::int64_t bands = (m.target_h + band - 1) / band;
  Weighing w = by;
  const std::int64_t floats =
      batch * m.channels * (m.source_h * m.source_w + m.target_h * m.target_w);
  w.streams = source != target &&
              streams_lines(static_cast<double>(floats) * sizeof(float), target, m.channels);
  const std::int64_t work = band * m.target_w * m.channels * 10;
  parallel_for(batch * bands, grain_for(work, kPieceWork / 2),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const std::int64_t n = i / bands, row = i % bands * band;
                   HWY_DYNAMIC_DISPATCH(WeighBand)
                   (m, source + n * m.source_h * m.source_w * m.channels, w,
                    target + n * m.target_h * m.target_w * m.channels, row,
                    std::min(band, m.target_h - row));
                 }
                 if (w.streams) finish_streaming();
               });
}

}  // namespace

bool conv2d_depthwise_3x3_applies(const Conv2dShape& s) {
  return conv2d_is_depthwise(s) && s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 &&
         s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.in_h >= 3 && s.in_w >= 3 &&
         s.in_c % HWY_DYNAMIC_DISPATCH(Lanes)() == 0;
}

void conv2d_depthwise_3x3(const float* x, const float* w, float* y, const Epilogue<float>& e,
                          const Conv2dShape& s) {
  const Zeros zeros(s.in_c);
  const Meeting m{s.in_c, s.in_h, s.in_w, s.out_h, s.out_w, s.pad_top, s.pad_left, zeros.data()};
  weigh(m, s.batch, x, {w, e.bias, e.activation == Activation::relu, false}, y);
}

void conv2d_input_gradient_depthwise_3x3(const float* dy, const float* w, float* dx,
                                         const Conv2dShape& s) {
  const Zeros zeros(s.in_c);
  const FloatScratch mirrored(9 * s.in_c);
  for (std::int64_t tap = 0; tap < 9; ++tap) {
    std::copy_n(w + (8 - tap) * s.in_c, s.in_c, mirrored.data() + tap * s.in_c);
  }
  const Meeting m{s.in_c, s.out_h,       s.out_w,        s.in_h,
                  s.in_w, 2 - s.pad_top, 2 - s.pad_left, zeros.data()};
  weigh(m, s.batch, dy, {mirrored.data(), nullptr, false, false}, dx);
}

void conv2d_weight_gradient_depthwise_3x3(const float* x, const float* dy, float* dw,
                                          const Conv2dShape& s) {
  const Zeros zeros(s.in_c);
  const Meeting m{s.in_c, s.in_h, s.in_w, s.out_h, s.out_w, s.pad_top, s.pad_left, zeros.data()};
  const std::int64_t band = HWY_DYNAMIC_DISPATCH(BandRows)();
  const RowBlocks blocks(s.batch, s.out_h, 7 * band);
  sum_pieces(dw, s, blocks.count, 1,
             [&](std::int64_t first, std::int64_t last, std::int64_t, float* sums) {
               std::memset(sums, 0, static_cast<std::size_t>(s.weight_size()) * sizeof(float));
               for (std::int64_t i = first; i < last; ++i) {
                 const RowBlock b = blocks[i];
                 for (std::int64_t row = b.row; row < b.row + b.rows; row += band) {
                   HWY_DYNAMIC_DISPATCH(WeightBand)
                   (m, x + b.image * s.in_h * s.in_w * s.in_c,
                    dy + b.image * s.out_h * s.out_w * s.out_c, sums, row,
                    std::min(band, b.row + b.rows - row));
                 }
               }
             });
}

}  // namespace keratin::kernels::cpu
#endif
