// Winograd for the weight gradient:   dw = G^T [sum over tiles (B^T d B) * (A dY A^T)] G
//
// The sum over tiles is a product of matrices a plane, [source channels, tiles] by [tiles, target
// channels]. The batch is cut into pieces with sums of their own, as in every weight gradient, and
// where channels are many, and pieces would take much memory, into slices of target channels.
#include <algorithm>
#include <cstring>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/winograd.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/winograd_weights.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/conv2d/winograd_transforms.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_WINOGRAD_PIECE_
#define KERATIN_KERNELS_CONV2D_WINOGRAD_PIECE_
namespace keratin::kernels::cpu {
namespace {
// Tiles [first, last), panels [panel, panel_end) of target channels.
struct WinogradPiece {
  std::int64_t first, last, panel, panel_end;
  float* sums;  // 36 planes of [source channels][m_pitch]
  bool accumulate;
};

// Scratch of a thread.
struct WinogradPieceWork {
  float *v, *m, *copy;
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace winograd;  // NOLINT: the transforms' vocabulary, inside an unnamed namespace

std::int64_t Lanes() { return kLanes; }
std::int64_t PanelWidth() { return kTileColumns; }

// Tiles of dy, the piece's channels, to planes of [tiles][m_pitch].
void GradientToPlanes(const Winograd& g, const float* dy, const WinogradPiece& piece, float* m,
                      float* copy) {
  const std::int64_t column = piece.panel * kTileColumns;
  Images images = g.target;
  images.channels = std::min(piece.panel_end * kTileColumns, g.target.channels) - column;
  for (std::int64_t i = piece.first; i < piece.last; ++i, m += g.m_pitch) {
    const Winograd::Tile t = g.tile(i);
    const Pixels pixels =
        PixelsOf(dy + t.image * images.size() + column, images, t.row, t.column, kTile, copy);
    ToPlanes<kTile>([](const V(&s)[kTile], V(&o)[kPatch]) HWY_ATTR { GradientColumn(s, o); },
                    pixels, images.channels, m + column, g.m_plane);
  }
}

// A batch of tiles added to the sums.
void AddTiles(const Winograd& g, const float* x, const float* dy, const WinogradPiece& piece,
              const WinogradPieceWork& work) {
  SourceToPlanes(g, x, piece.first, piece.last, work.v, work.copy);
  GradientToPlanes(g, dy, piece, work.m, work.copy);
  const std::int64_t channels = g.source.channels, tiles = gemm::TileCount(channels);
  const std::int64_t plane_sums = winograd_plane(channels * g.m_pitch);
  gemm::TileCall call{};
  call.a_step = g.v_pitch;
  call.b_step = g.m_pitch;
  call.ldc = g.m_pitch;
  call.k = piece.last - piece.first;
  call.accumulate = piece.accumulate;
  for (int plane = 0; plane < kPlanes; ++plane) {
    for (std::int64_t panel = piece.panel; panel < piece.panel_end; ++panel) {
      const std::int64_t column = panel * kTileColumns;
      const bool narrow = g.target.channels - column <= kLanes;
      call.columns = narrow ? kLanes : kTileColumns;
      call.b = work.m + plane * g.m_plane + column;
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t row = gemm::TileStart(channels, tiles, tile);
        const std::int64_t rows = gemm::TileStart(channels, tiles, tile + 1) - row;
        call.a = work.v + plane * g.v_plane + row;
        call.c = piece.sums + plane * plane_sums + row * g.m_pitch + column;
        const gemm::TileFn run = narrow ? gemm::TileOf<1, gemm::Order::columns, false>(rows)
                                        : gemm::TileOf<2, gemm::Order::columns, false>(rows);
        run(call);
      }
    }
  }
}

// Rows [first, last) of source channels: the sums of all pieces, `piece` floats apart, to dw.
void ToWeights(const Winograd& g, const float* sums, std::int64_t pieces, std::int64_t piece,
               float* dw, std::int64_t first, std::int64_t last) {
  const D d;
  const std::int64_t in = g.source.channels, out = g.target.channels;
  const std::int64_t plane = winograd_plane(in * g.m_pitch);
  for (std::int64_t i = first; i < last; ++i) {
    for (std::int64_t c = 0; c < out; c += kLanes) {
      const float* const from = sums + i * g.m_pitch + c;
      float* const to = dw + i * out + c;
      Transform<kPatch, 3>(
          [](const V(&s)[kPatch], V(&o)[3]) HWY_ATTR { WeightGradientColumn(s, o); },
          [&](int p, int q) HWY_ATTR {
            const float* at = from + (p * kPatch + q) * plane;
            V sum = hn::LoadU(d, at);
            for (std::int64_t k = 1; k < pieces; ++k) sum = hn::Add(sum, hn::LoadU(d, at += piece));
            return sum;
          },
          [&](int p, int q, V v)
              HWY_ATTR { simd::StoreN(v, d, to + (p * 3 + q) * in * out, out - c); });
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(PanelWidth);
HWY_EXPORT(AddTiles);
HWY_EXPORT(ToWeights);

void conv2d_weight_gradient_winograd(const float* x, const float* dy, float* dw,
                                     const Conv2dShape& s) {
  constexpr std::int64_t kItems = 8;           // pieces times slices
  constexpr std::int64_t kMostSums = 2 << 20;  // floats of the sums of all pieces: 8 MiB
  constexpr std::int64_t kSliceWidth = 64;     // target channels: each slice transforms x again
  const std::int64_t size = s.weight_size();
  if (s.batch == 0) {
    std::memset(dw, 0, static_cast<std::size_t>(size) * sizeof(float));
    return;
  }
  const Winograd g = winograd_weight_gradient(s, HWY_DYNAMIC_DISPATCH(Lanes)(),
                                              HWY_DYNAMIC_DISPATCH(PanelWidth)());
  const std::int64_t channels = s.in_c,
                     piece_floats = kWinogradPlanes * winograd_plane(channels * g.m_pitch);
  const std::int64_t pieces =
      std::max<std::int64_t>(1, std::min({kItems, g.batches, kMostSums / piece_floats}));
  const std::int64_t slices = std::clamp<std::int64_t>(
      (kItems / 2 + pieces - 1) / pieces, 1, std::max<std::int64_t>(1, s.out_c / kSliceWidth));
  const FloatScratch sums(pieces * piece_floats);
  parallel_for(pieces * slices, 1, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch v(kWinogradPlanes * g.v_plane), m(kWinogradPlanes * g.m_plane),
        copy(kWinogradPlanes * std::max(s.in_c, s.out_c));
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t piece = i / slices, slice = i % slices;
      const std::int64_t begin = piece * g.batches / pieces, end = (piece + 1) * g.batches / pieces;
      for (std::int64_t batch = begin; batch < end; ++batch) {
        HWY_DYNAMIC_DISPATCH(AddTiles)
        (g, x, dy,
         {g.batch_start(batch), g.batch_start(batch + 1), slice * g.panels / slices,
          (slice + 1) * g.panels / slices, sums.data() + piece * piece_floats, batch > begin},
         {v.data(), m.data(), copy.data()});
      }
    }
  });
  parallel_for(channels, grain_for(kWinogradPlanes * g.m_pitch * pieces),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(ToWeights)
                 (g, sums.data(), pieces, piece_floats, dw, first, last);
               });
}

}  // namespace keratin::kernels::cpu
#endif
