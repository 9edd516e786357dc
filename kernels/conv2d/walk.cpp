#include "kernels/conv2d/walk.h"

#include <algorithm>
#include <cstring>

#include "kernels/parallel.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kItemWork = 1 << 22;     // multiply-adds of an item at most: some 30 us
constexpr std::int64_t kItems = 16;             // at least, of kPieceWork each
constexpr std::int64_t kBandFloats = 48 << 10;  // source floats of an item: 192 KiB

Axis forward_axis(std::int64_t kernel, std::int64_t stride, std::int64_t dilation, std::int64_t pad,
                  std::int64_t count) {
  Axis axis{.taps = {}, .count = count, .source_step = stride};
  for (std::int64_t p = 0; p < kernel; ++p) axis.taps.push_back({p * dilation - pad, p});
  return axis;
}

// x pixel r + i stride was read by the outputs (r + i stride + pad - p dilation) / stride, where
// that is whole.
Axis gradient_axis(std::int64_t r, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                   std::int64_t pad, std::int64_t size) {
  Axis axis{.taps = {}, .first = r, .step = stride, .count = (size - r + stride - 1) / stride};
  for (std::int64_t p = kernel - 1; p >= 0; --p) {
    const std::int64_t numerator = r + pad - p * dilation;
    if (numerator % stride == 0) axis.taps.push_back({numerator / stride, p});
  }
  return axis;
}

Walk planned(Walk walk, const Axes& axes) {
  walk.panels = (walk.target.channels + walk.panel_width - 1) / walk.panel_width;
  std::int64_t work = 0;
  for (const Axis& down : axes.down) {
    for (const Axis& across : axes.across) {
      if (down.count == 0 || across.count == 0) continue;
      const std::int64_t channels = walk.source.channels;
      const auto taps = static_cast<std::int64_t>(down.taps.size() * across.taps.size());
      const std::int64_t source_width = across.end(across.count - 1) - across.begin(0);
      const std::int64_t row_work =
          std::max<std::int64_t>(1, across.count * taps * channels * walk.target.channels);
      const std::int64_t row_floats =
          std::max<std::int64_t>(1, down.source_step * source_width * channels);
      const std::int64_t few =
          std::max(kPieceWork / row_work, walk.batch * walk.groups * down.count / kItems);
      const std::int64_t rows = std::min({kItemWork / row_work, kBandFloats / row_floats, few});
      Phase phase{.down = down,
                  .across = across,
                  .first_row = walk.panel_rows,
                  .source_width = source_width,
                  .in_place = {},
                  .in_band = {},
                  .blocks = RowBlocks(walk.batch, down.count, rows),
                  .first_item = walk.items};
      phase.in_place =
          tap_segments(down, across, channels, walk.source.width * channels, walk.panel_width);
      phase.in_band =
          tap_segments(down, across, channels, source_width * channels, walk.panel_width);
      const std::int64_t largest = phase.blocks.largest();
      walk.band_floats = std::max(
          walk.band_floats, (down.end(largest - 1) - down.begin(0)) * source_width * channels);
      walk.panel_rows += taps * channels;
      walk.items += walk.groups * phase.blocks.count;
      work += walk.groups * walk.batch * down.count * row_work;
      walk.phases.push_back(std::move(phase));
    }
  }
  walk.grain = grain_for(work / std::max<std::int64_t>(1, walk.items), kPieceWork);
  return walk;
}

}  // namespace

TapRange Axis::taps_inside(std::int64_t i, std::int64_t size) const {
  TapRange range{0, 0};
  for (const Tap& tap : taps) {
    const std::int64_t at = i * source_step + tap.offset;
    if (at < 0) ++range.first;
    if (at >= 0 && at < size) ++range.count;
  }
  return range;
}

std::vector<Segment> tap_segments(const Axis& down, const Axis& across, std::int64_t channels,
                                  std::int64_t row_floats, std::int64_t panel_width) {
  std::vector<Segment> all;
  std::int64_t row = 0;  // of the packed weights
  for (const Axis::Tap& p : down.taps) {
    for (std::size_t q = 0; q < across.taps.size(); ++q, row += channels) {
      if (q > 0 && across.taps[q].offset == across.taps[q - 1].offset + 1) {
        all.back().k += channels;
        continue;
      }
      all.push_back({(p.offset - down.taps.front().offset) * row_floats +
                         (across.taps[q].offset - across.taps.front().offset) * channels,
                     row * panel_width, channels});
    }
  }
  return all;
}

const Phase& Walk::phase_of(std::int64_t item) const {
  std::size_t i = phases.size() - 1;
  while (phases[i].first_item > item) --i;
  return phases[i];
}

Axes forward_axes(const Conv2dShape& s) {
  return {{forward_axis(s.kernel_h, s.stride_h, s.dilation_h, s.pad_top, s.out_h)},
          {forward_axis(s.kernel_w, s.stride_w, s.dilation_w, s.pad_left, s.out_w)}};
}

Axes input_gradient_axes(const Conv2dShape& s) {
  Axes axes;
  for (std::int64_t r = 0; r < s.stride_h; ++r) {
    axes.down.push_back(gradient_axis(r, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top, s.in_h));
  }
  for (std::int64_t r = 0; r < s.stride_w; ++r) {
    axes.across.push_back(
        gradient_axis(r, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left, s.in_w));
  }
  return axes;
}

Walk forward_walk(const Conv2dShape& s, std::int64_t panel_width) {
  const Walk walk{.batch = s.batch,
                  .groups = s.groups,
                  .source = {s.in_h, s.in_w, s.in_c, s.group_in()},
                  .target = {s.out_h, s.out_w, s.out_c, s.group_out()},
                  .transposed = false,
                  .kernel_w = s.kernel_w,
                  .weight_rows = s.group_in(),
                  .weight_columns = s.out_c,
                  .panel_width = panel_width,
                  .panels = 0,
                  .phases = {}};
  return planned(walk, forward_axes(s));
}

Walk input_gradient_walk(const Conv2dShape& s, std::int64_t panel_width) {
  const Walk walk{.batch = s.batch,
                  .groups = s.groups,
                  .source = {s.out_h, s.out_w, s.out_c, s.group_out()},
                  .target = {s.in_h, s.in_w, s.in_c, s.group_in()},
                  .transposed = true,
                  .kernel_w = s.kernel_w,
                  .weight_rows = s.group_in(),
                  .weight_columns = s.out_c,
                  .panel_width = panel_width,
                  .panels = 0,
                  .phases = {}};
  return planned(walk, input_gradient_axes(s));
}

void copy_band(const float* from, const Images& image, std::int64_t row, std::int64_t rows,
               std::int64_t column, std::int64_t columns, float* band) {
  const std::int64_t channels = image.channels;
  const auto bytes = [](std::int64_t floats) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, floats)) * sizeof(float);
  };
  // Columns [first, last) of the band lie inside the image.
  const std::int64_t first = std::clamp<std::int64_t>(-column, 0, columns),
                     last = std::clamp<std::int64_t>(image.width - column, first, columns);
  for (std::int64_t r = row; r < row + rows; ++r, band += columns * channels) {
    if (r < 0 || r >= image.height || first == last) {
      std::memset(band, 0, bytes(columns * channels));
      continue;
    }
    const float* const pixels = from + (r * image.width + column) * image.pitch;
    std::memset(band, 0, bytes(first * channels));
    std::memset(band + last * channels, 0, bytes((columns - last) * channels));
    if (image.pitch == channels) {
      std::memcpy(band + first * channels, pixels + first * channels,
                  bytes((last - first) * channels));
      continue;
    }
    for (std::int64_t q = first; q < last; ++q) {
      for (std::int64_t c = 0; c < channels; ++c)
        band[q * channels + c] = pixels[q * image.pitch + c];
    }
  }
}

}  // namespace keratin::kernels::cpu
