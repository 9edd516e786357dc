#include <algorithm>

#include "kernels/conv2d/winograd.h"
#include "kernels/crossovers.h"

namespace keratin::kernels::cpu {
namespace {

// Tuned with AVX2 and 512 KiB of L2 a core.
constexpr std::int64_t kBatchFloats = 96 << 10, kLeastTiles = 12;
constexpr std::int64_t kWeightBatchFloats = 192 << 10, kWeightLeastTiles = 48;

constexpr std::int64_t rounded(std::int64_t x, std::int64_t to) { return (x + to - 1) / to * to; }

// Batches of tiles whose planes, of both sides, take about `floats`; at least `least` tiles.
Winograd planned(Winograd g, std::int64_t lanes, std::int64_t floats, std::int64_t least) {
  g.down = rounded(g.target.height, kWinogradTile) / kWinogradTile;
  g.across = rounded(g.target.width, kWinogradTile) / kWinogradTile;
  g.tiles = g.batch * g.down * g.across;
  g.panels = rounded(g.target.channels, g.panel_width) / g.panel_width;
  g.v_pitch = rounded(g.source.channels, lanes);
  g.m_pitch = g.panels * g.panel_width;
  const std::int64_t most =
      std::max(least, floats / (kWinogradPlanes * (g.v_pitch + g.m_pitch)) / least * least);
  g.batches = std::max<std::int64_t>(1, (g.tiles + most - 1) / most);
  g.largest = (g.tiles + g.batches - 1) / g.batches;
  g.v_plane = winograd_plane(g.largest * g.v_pitch);
  g.m_plane = winograd_plane(g.largest * g.m_pitch);
  return g;
}

bool is_3x3(const Conv2dShape& s) {
  return s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 &&
         s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1;
}

bool pays(const Conv2dShape& s, std::int64_t height, std::int64_t width) {
  constexpr std::int64_t kLeastChannels = 32;
  constexpr std::int64_t kMostWeights = 1 << 19;  // of a tap: 72 MiB for all planes
  if (std::min(s.in_c, s.out_c) < kLeastChannels || s.in_c * s.out_c > kMostWeights) return false;
  return 100 * winograd_gain(s, height, width) > static_cast<double>(crossovers().winograd_percent);
}

}  // namespace

// Costs in multiply-adds, from measurements with AVX2: a transform takes the time of some 150 a
// channel and tile, that of the weights 120 a weight of one tap.
double winograd_gain(const Conv2dShape& s, std::int64_t height, std::int64_t width) {
  const auto weights = static_cast<double>(s.in_c * s.out_c);
  const auto channels = static_cast<double>(s.in_c + s.out_c);
  const std::int64_t down = rounded(height, kWinogradTile) / kWinogradTile;
  const std::int64_t across = rounded(width, kWinogradTile) / kWinogradTile;
  const auto tiles = static_cast<double>(s.batch * down * across);
  const double direct = 9 * static_cast<double>(s.batch * height * width) * weights;
  return direct / (tiles * (41 * weights + 150 * channels) + 120 * weights);
}

Winograd winograd_forward(const Conv2dShape& s, std::int64_t lanes, std::int64_t panel_width) {
  return planned({.batch = s.batch,
                  .source = {s.in_h, s.in_w, s.in_c, s.in_c},
                  .target = {s.out_h, s.out_w, s.out_c, s.out_c},
                  .pad_top = s.pad_top,
                  .pad_left = s.pad_left,
                  .panel_width = panel_width},
                 lanes, kBatchFloats, kLeastTiles);
}

Winograd winograd_input_gradient(const Conv2dShape& s, std::int64_t lanes,
                                 std::int64_t panel_width) {
  return planned({.batch = s.batch,
                  .source = {s.out_h, s.out_w, s.out_c, s.out_c},
                  .target = {s.in_h, s.in_w, s.in_c, s.in_c},
                  .pad_top = s.kernel_h - 1 - s.pad_top,
                  .pad_left = s.kernel_w - 1 - s.pad_left,
                  .panel_width = panel_width},
                 lanes, kBatchFloats, kLeastTiles);
}

Winograd winograd_weight_gradient(const Conv2dShape& s, std::int64_t lanes,
                                  std::int64_t panel_width) {
  Winograd g = winograd_forward(s, lanes, panel_width);
  return planned(g, lanes, kWeightBatchFloats, kWeightLeastTiles);
}

bool conv2d_winograd_applies(const Conv2dShape& s) {
  return is_3x3(s) && pays(s, s.out_h, s.out_w);
}
bool conv2d_input_gradient_winograd_applies(const Conv2dShape& s) {
  return is_3x3(s) && pays(s, s.in_h, s.in_w);
}
bool conv2d_weight_gradient_winograd_applies(const Conv2dShape& s) {
  return is_3x3(s) && pays(s, s.out_h, s.out_w);
}

}  // namespace keratin::kernels::cpu
