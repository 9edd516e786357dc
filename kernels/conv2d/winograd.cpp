// Winograd's F(4x4, 3x3) for the forward pass and the input gradient, which is a forward pass over
// dy with the kernel turned round. A thread takes a batch of tiles through all three steps, so that
// the planes between them stay in its cache.
#include "kernels/conv2d/winograd.h"

#include <algorithm>

#include "kernels/conv2d/conv2d.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/conv2d/winograd_transforms.h"
#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_WINOGRAD_BATCH_
#define KERATIN_KERNELS_CONV2D_WINOGRAD_BATCH_
namespace keratin::kernels::cpu {
namespace {
// Weights as they lie: [3, 3, in_c, out_c].
struct Weights {
  const float* w;
  std::int64_t in_c, out_c;
  bool turned;  // the input gradient's: target channels are in_c, taps in reverse
};

// Weights on planes of [panels][source channels][panel_width].
struct WeightPlanes {
  float* u;
  std::int64_t plane;
};

// Tiles [first, last), panels [panel, panel_end) of target channels.
struct WinogradItem {
  std::int64_t first, last, panel, panel_end;
};

// Scratch of a thread.
struct WinogradWork {
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

// Channels [k0, k0 + k) of the source in one panel. `taps` holds [9][k][kTileColumns].
void WeightsToPlanes(const Winograd& g, const Weights& of, std::int64_t panel, std::int64_t k0,
                     std::int64_t k, float* taps, const WeightPlanes& to) {
  const D d;
  const std::int64_t column = panel * kTileColumns;
  const std::int64_t count = std::min(kTileColumns, g.target.channels - column);
  const std::int64_t tap_floats = k * kTileColumns;
  for (std::int64_t i = 0; i < 9; ++i) {
    const float* const tap = of.w + (of.turned ? 8 - i : i) * of.in_c * of.out_c;
    if (of.turned) {
      gemm::PackAlong(tap + column * of.out_c + k0, of.out_c, k, count, kTileColumns,
                      taps + i * tap_floats);
    } else {
      gemm::PackAcross(tap + k0 * of.out_c + column, of.out_c, k, count, kTileColumns,
                       taps + i * tap_floats);
    }
  }
  float* const u = to.u + (panel * g.source.channels + k0) * kTileColumns;
  const std::int64_t plane = to.plane;
  for (std::int64_t c = 0; c < tap_floats; c += kLanes) {
    Transform<3, kPatch>(
        [](const V(&s)[3], V(&o)[kPatch]) HWY_ATTR { WeightColumn(s, o); },
        [&](int i, int j) HWY_ATTR { return hn::LoadU(d, taps + (i * 3 + j) * tap_floats + c); },
        [&](int i, int j, V v) HWY_ATTR { hn::StoreU(v, d, u + (i * kPatch + j) * plane + c); });
  }
}

void Multiply(const Winograd& g, const WeightPlanes& weights, const WinogradItem& item,
              const WinogradWork& work) {
  const std::int64_t count = item.last - item.first, tiles = gemm::TileCount(count);
  const std::int64_t depth = g.source.channels;
  // A last block of under half a depth joins its neighbour.
  const std::int64_t blocks =
      std::max<std::int64_t>(1, (depth + kWinogradDepth / 2) / kWinogradDepth);
  gemm::TileCall call{};
  call.a_step = g.v_pitch;
  call.b_step = kTileColumns;
  call.ldc = g.m_pitch;
  for (int plane = 0; plane < kPlanes; ++plane) {
    for (std::int64_t panel = item.panel; panel < item.panel_end; ++panel) {
      const std::int64_t column = panel * kTileColumns;
      const bool narrow = g.target.channels - column <= kLanes;
      call.columns = narrow ? kLanes : kTileColumns;
      const float* const u = weights.u + plane * weights.plane + column * depth;
      for (std::int64_t block = 0; block < blocks; ++block) {
        const std::int64_t k0 = block * depth / blocks;
        call.k = (block + 1) * depth / blocks - k0;
        call.b = u + k0 * kTileColumns;
        call.accumulate = block > 0;
        for (std::int64_t tile = 0; tile < tiles; ++tile) {
          const std::int64_t row = gemm::TileStart(count, tiles, tile);
          const std::int64_t rows = gemm::TileStart(count, tiles, tile + 1) - row;
          call.a = work.v + plane * g.v_plane + row * g.v_pitch + k0;
          call.c = work.m + plane * g.m_plane + row * g.m_pitch + column;
          const gemm::TileFn run = narrow ? gemm::TileOf<1, gemm::Order::rows, false>(rows)
                                          : gemm::TileOf<2, gemm::Order::rows, false>(rows);
          run(call);
        }
      }
    }
  }
}

// One vector of channels of a tile: rows x columns outputs of it lie in the target.
template <bool kWhole>
HWY_INLINE void StoreTile(const float* m, std::int64_t plane, V bias, bool relu, float* to,
                          std::int64_t row, std::int64_t column, std::int64_t rows,
                          std::int64_t columns, std::int64_t left) {
  const D d;
  Transform<kPatch, kTile>([](const V(&s)[kPatch], V(&o)[kTile]) HWY_ATTR { TargetColumn(s, o); },
                           [&](int i, int j)
                               HWY_ATTR { return hn::LoadU(d, m + (i * kPatch + j) * plane); },
                           [&](int i, int j, V v) HWY_ATTR {
                             V sum = hn::Add(v, bias);
                             if (relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);
                             if constexpr (kWhole) {
                               hn::StoreU(sum, d, to + i * row + j * column);
                             } else if (i < rows && j < columns) {
                               simd::StoreN(sum, d, to + i * row + j * column, left);
                             }
                           });
}

HWY_NOINLINE void TargetFromPlanes(const Winograd& g, const Epilogue<float>& e,
                                   const WinogradItem& item, const float* m, float* target) {
  const D d;
  const bool relu = e.activation == Activation::relu;
  const std::int64_t first = item.panel * kTileColumns,
                     last = std::min(item.panel_end * kTileColumns, g.target.channels);
  const std::int64_t column = g.target.pitch, row = g.target.width * column, plane = g.m_plane;
  for (std::int64_t i = item.first; i < item.last; ++i, m += g.m_pitch) {
    const Winograd::Tile t = g.tile(i);
    const std::int64_t rows = g.target.height - t.row, columns = g.target.width - t.column;
    float* const to = target + t.image * g.target.size() + t.row * row + t.column * column;
    for (std::int64_t c = first; c < last; c += kLanes) {
      const std::int64_t left = last - c;
      const V bias = e.bias != nullptr ? simd::LoadN(d, e.bias + c, left) : hn::Zero(d);
      if (rows >= kTile && columns >= kTile && left >= kLanes) {
        StoreTile<true>(m + c, plane, bias, relu, to + c, row, column, rows, columns, left);
      } else {
        StoreTile<false>(m + c, plane, bias, relu, to + c, row, column, rows, columns, left);
      }
    }
  }
}

void RunItem(const Winograd& g, const float* source, const WeightPlanes& weights, float* target,
             const Epilogue<float>& e, const WinogradItem& item, const WinogradWork& work) {
  SourceToPlanes(g, source, item.first, item.last, work.v, work.copy);
  Multiply(g, weights, item, work);
  TargetFromPlanes(g, e, item, work.m, target);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(PanelWidth);
HWY_EXPORT(WeightsToPlanes);
HWY_EXPORT(RunItem);

namespace {

constexpr std::int64_t kLeastItems = 8;    // where batches are few, target channels are cut ...
constexpr std::int64_t kSliceWidth = 128;  // ... in so many: each slice transforms its source again

void run(const Winograd& g, const float* source, const Weights& w, float* target,
         const Epilogue<float>& e) {
  if (g.tiles == 0) return;
  const std::int64_t channels = g.source.channels;
  const std::int64_t plane = winograd_plane(g.panels * channels * g.panel_width);
  const FloatScratch u(kWinogradPlanes * plane);
  const WeightPlanes weights{u.data(), plane};
  const std::int64_t chunks = (channels + kWinogradDepth - 1) / kWinogradDepth;
  parallel_for(g.panels * chunks, 1, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch taps(9 * kWinogradDepth * g.panel_width);
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t panel = i / chunks, k0 = i % chunks * kWinogradDepth;
      HWY_DYNAMIC_DISPATCH(WeightsToPlanes)
      (g, w, panel, k0, std::min(kWinogradDepth, channels - k0), taps.data(), weights);
    }
  });
  const std::int64_t slices =
      std::clamp<std::int64_t>((kLeastItems + g.batches - 1) / g.batches, 1,
                               std::max<std::int64_t>(1, g.target.channels / kSliceWidth));
  parallel_for(g.batches * slices, 1, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch v(kWinogradPlanes * g.v_plane), m(kWinogradPlanes * g.m_plane),
        copy(kWinogradPlanes * channels);
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t batch = i / slices, slice = i % slices;
      const WinogradItem item{g.batch_start(batch), g.batch_start(batch + 1),
                              slice * g.panels / slices, (slice + 1) * g.panels / slices};
      HWY_DYNAMIC_DISPATCH(RunItem)
      (g, source, weights, target, e, item, {v.data(), m.data(), copy.data()});
    }
  });
}

}  // namespace

void conv2d_winograd(const float* x, const float* w, float* y, const Epilogue<float>& e,
                     const Conv2dShape& s) {
  const Winograd g =
      winograd_forward(s, HWY_DYNAMIC_DISPATCH(Lanes)(), HWY_DYNAMIC_DISPATCH(PanelWidth)());
  run(g, x, {w, s.in_c, s.out_c, false}, y, e);
}

void conv2d_input_gradient_winograd(const float* dy, const float* w, float* dx,
                                    const Conv2dShape& s) {
  const Winograd g =
      winograd_input_gradient(s, HWY_DYNAMIC_DISPATCH(Lanes)(), HWY_DYNAMIC_DISPATCH(PanelWidth)());
  run(g, dy, {w, s.in_c, s.out_c, true}, dx, {});
}

}  // namespace keratin::kernels::cpu
#endif
