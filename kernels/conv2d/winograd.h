// Winograd's F(4x4, 3x3): 16 outputs of a 3x3 kernel from 36 products a channel instead of 144.
//
//   Y = A^T [(G g G^T) * (B^T d B)] A      d: 6x6 pixels of the source, Y: 4x4 of the target
//
// The 36 elementwise products, summed over channels, are 36 products of matrices, one a plane:
// [tiles, source channels] by [source channels, target channels]. A, B and G evaluate polynomials
// at 0, +-5/8, +-3/2 and infinity: these points round half as much as the usual 0, +-1, +-2.
//
// Sources: Lavin and Gray 2016, arXiv:1509.09308; Barabasz et al. 2020, arXiv:1803.10986 (points).
#pragma once

#include <cstdint>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/walk.h"

namespace keratin::kernels::cpu {

constexpr std::int64_t kWinogradTile = 4;     // outputs of a tile, each way
constexpr std::int64_t kWinogradPatch = 6;    // source pixels of a tile, each way
constexpr std::int64_t kWinogradPlanes = 36;  // points, and so products of matrices
constexpr std::int64_t kWinogradDepth = 64;   // terms that are summed before they are added up

/// How a pass is cut, by its shape alone.
struct Winograd {
  std::int64_t batch = 0;
  Images source, target;
  std::int64_t pad_top = 0, pad_left = 0;        // of the source
  std::int64_t panel_width = 0, panels = 0;      // of target channels
  std::int64_t down = 0, across = 0, tiles = 0;  // of an image, each way; of all images
  std::int64_t batches = 0, largest = 0;         // batches of tiles; tiles of the largest
  std::int64_t v_pitch = 0, m_pitch = 0;  // floats from tile to tile: padded channels of each side
  std::int64_t v_plane = 0, m_plane = 0;  // floats from plane to plane

  struct Tile {
    std::int64_t image, row, column;  // of its first output
  };
  Tile tile(std::int64_t i) const {
    return {i / (down * across), i / across % down * kWinogradTile, i % across * kWinogradTile};
  }
  std::int64_t batch_start(std::int64_t i) const { return i * tiles / batches; }
};

Winograd winograd_forward(const Conv2dShape& s, std::int64_t lanes, std::int64_t panel_width);
Winograd winograd_input_gradient(const Conv2dShape& s, std::int64_t lanes,
                                 std::int64_t panel_width);
/// Source x, target dy.
Winograd winograd_weight_gradient(const Conv2dShape& s, std::int64_t lanes,
                                  std::int64_t panel_width);

/// Estimated: the direct sum's time over Winograd's, for a target of so many rows and columns.
double winograd_gain(const Conv2dShape& s, std::int64_t height, std::int64_t width);

/// An odd number of cache lines, so that planes do not meet in one set of the cache.
constexpr std::int64_t winograd_plane(std::int64_t floats) {
  constexpr std::int64_t kLine = 16;
  return ((floats + kLine - 1) / kLine | 1) * kLine;
}

}  // namespace keratin::kernels::cpu
