// Convolution without a matrix of patches: tiles of sums run over the image as it lies, or over
// bands of it copied with their padding. The weights are packed into panels first. Source: Zhang,
// Franchetti and Low, High performance zero-memory overhead direct convolutions, 2018.
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/walk.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/direct.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/conv2d/tile.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace conv2d;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

constexpr std::int64_t kNearWeights = 1 << 14;  // floats: an eighth of a small L2 cache

std::int64_t PanelWidth(std::int64_t channels) {
  // No vector may be left over for a tile of its own.
  const std::int64_t rest = channels % gemm::kTripleColumns;
  return gemm::TakesTripleTile(channels) && (rest == 0 || rest > kLanes) ? gemm::kTripleColumns
                                                                         : kTileColumns;
}

// Panels [first, last) of all groups, each with the rows of all phases.
void PackPanels(const Walk& walk, const float* w, float* packed, std::int64_t first,
                std::int64_t last) {
  const std::int64_t k = walk.source.channels, tap_floats = walk.weight_rows * walk.weight_columns;
  const std::int64_t width = walk.panel_width;
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t group = i / walk.panels, column = i % walk.panels * width;
    const std::int64_t count = std::min(width, walk.target.channels - column);
    float* to = packed + i * walk.panel_rows * width;
    for (const Phase& phase : walk.phases) {
      for (const Axis::Tap& p : phase.down.taps) {
        for (const Axis::Tap& q : phase.across.taps) {
          const float* const tap = w + (p.index * walk.kernel_w + q.index) * tap_floats;
          if (walk.transposed) {
            PackAlong(tap + column * walk.weight_columns + group * k, walk.weight_columns, k, count,
                      width, to);
          } else {
            PackAcross(tap + group * walk.target.channels + column, walk.weight_columns, k, count,
                       width, to);
          }
          to += k * width;
        }
      }
    }
  }
}

TileFn TileOf(std::int64_t columns, std::int64_t groups, std::int64_t pixels) {
  if (columns <= kLanes) return conv2d::TileOf<1, Order::rows, false>(groups, pixels);
  if constexpr (gemm::kHasTripleTile) {
    if (columns > kTileColumns) return conv2d::TileOf<3, Order::rows, false>(groups, pixels);
  }
  return conv2d::TileOf<2, Order::rows, false>(groups, pixels);
}

// Target rows [first, first + rows) of a phase, all columns, channels of one group.
void RunBlock(const Walk& walk, const Phase& phase, const float* source, std::int64_t row_floats,
              const std::vector<Segment>& segments, const float* packed, const float* bias,
              bool relu, float* target, std::int64_t first, std::int64_t rows) {
  const Images& to = walk.target;
  const Axis &down = phase.down, &across = phase.across;
  const std::int64_t width = walk.panel_width;
  TileCall call{};
  call.a_step = across.source_step * walk.source.channels;
  call.a_group = down.source_step * row_floats;
  call.b_step = width;
  call.c_step = across.step * to.pitch;
  call.c_group = down.step * to.width * to.pitch;
  call.relu = relu;
  const auto all_taps = static_cast<std::int64_t>(down.taps.size());
  const auto tap_segments =
      static_cast<std::int64_t>(segments.size()) / std::max<std::int64_t>(1, all_taps);
  const std::int64_t most = gemm::MostTileRows(std::min(width, to.channels));
  const std::int64_t tiles = gemm::TileCount(across.count, most);
  const std::int64_t widest = (across.count + tiles - 1) / tiles;
  // Few weights stay near while pixels are completed, one after the other, so that the target is
  // written as it lies; of many each panel is taken through the whole block.
  const bool near = walk.panels * walk.panel_rows * width <= kNearWeights;
  for (std::int64_t panel0 = 0; panel0 < walk.panels; panel0 += near ? walk.panels : 1) {
    const std::int64_t panel_end = near ? walk.panels : panel0 + 1;
    for (std::int64_t row = 0; row < rows;) {
      const std::int64_t groups = GroupsOf(widest, rows - row, most);
      const TapRange taps =
          groups == 1 ? down.taps_inside(first + row, walk.source.height) : TapRange{0, all_taps};
      call.segments = segments.data() + taps.first * tap_segments;
      call.segment_count = taps.count * tap_segments;
      const bool one_tap = call.segment_count == 1 && call.segments->k == call.a_step;  // 1 x 1
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t pixel = gemm::TileStart(across.count, tiles, tile);
        const std::int64_t pixels = gemm::TileStart(across.count, tiles, tile + 1) - pixel;
        call.a = source + row * call.a_group + pixel * call.a_step;
        for (std::int64_t panel = panel0; panel < panel_end; ++panel) {
          const std::int64_t column = panel * width;
          call.b = packed + (panel * walk.panel_rows + phase.first_row) * width;
          call.columns = std::min(width, to.channels - column);
          call.bias = bias != nullptr ? bias + column : nullptr;
          call.asks_next = panel == 0 && one_tap;
          call.c = target + row * call.c_group + pixel * call.c_step + column;
          TileOf(call.columns, groups, pixels)(call);
        }
      }
      row += groups;
    }
  }
}

void RunItems(const Walk& walk, const float* source, const float* packed, float* target,
              const Epilogue<float>& e, float* band, std::int64_t first, std::int64_t last) {
  const Images &from = walk.source, &to = walk.target;
  for (std::int64_t item = first; item < last; ++item) {
    const Phase& phase = walk.phase_of(item);
    const Axis &down = phase.down, &across = phase.across;
    const std::int64_t index = item - phase.first_item, group = index / phase.blocks.count;
    const RowBlock b = phase.blocks[index % phase.blocks.count];
    const std::int64_t row = down.begin(b.row), row_end = down.end(b.row + b.rows - 1);
    const std::int64_t column = across.begin(0), column_end = across.end(across.count - 1);
    const float* const image = source + b.image * from.size() + group * from.channels;
    const bool as_it_lies = from.pitch == from.channels && row >= 0 && row_end <= from.height &&
                            column >= 0 && column_end <= from.width;
    if (!as_it_lies) {
      copy_band(image, from, row, row_end - row, column, column_end - column, band);
    }
    const float* const start = image + (row * from.width + column) * from.pitch;
    float* const out = target + b.image * to.size() + group * to.channels +
                       ((down.first + b.row * down.step) * to.width + across.first) * to.pitch;
    RunBlock(walk, phase, as_it_lies ? start : band,
             (as_it_lies ? from.width : phase.source_width) * from.channels,
             as_it_lies ? phase.in_place : phase.in_band,
             packed + group * walk.panels * walk.panel_rows * walk.panel_width,
             e.bias != nullptr ? e.bias + group * to.channels : nullptr,
             e.activation == Activation::relu, out, b.row, b.rows);
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
HWY_EXPORT(RunItems);

namespace {

void run_walk(const Walk& walk, const float* source, const float* w, float* target,
              const Epilogue<float>& e) {
  if (walk.items == 0) return;
  const std::int64_t panels = walk.groups * walk.panels,
                     panel_floats = walk.panel_rows * walk.panel_width;
  const FloatScratch packed(panels * panel_floats);
  parallel_for(panels, grain_for(panel_floats, 1 << 16),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(PackPanels)(walk, w, packed.data(), first, last);
               });
  parallel_for(walk.items, walk.grain, [&](std::int64_t first, std::int64_t last) {
    const FloatScratch band(walk.band_floats);
    HWY_DYNAMIC_DISPATCH(RunItems)
    (walk, source, packed.data(), target, e, band.data(), first, last);
  });
}

}  // namespace

void conv2d_direct(const float* x, const float* w, float* y, const Epilogue<float>& e,
                   const Conv2dShape& s) {
  run_walk(forward_walk(s, HWY_DYNAMIC_DISPATCH(PanelWidth)(s.group_out())), x, w, y, e);
}

void conv2d_input_gradient_direct(const float* dy, const float* w, float* dx,
                                  const Conv2dShape& s) {
  run_walk(input_gradient_walk(s, HWY_DYNAMIC_DISPATCH(PanelWidth)(s.group_in())), dy, w, dx, {});
}

}  // namespace keratin::kernels::cpu
#endif
