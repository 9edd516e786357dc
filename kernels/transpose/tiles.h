// How the faster rungs see a permutation: planes of two axes, turned tile by tile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/transpose/transpose.h"

namespace keratin::kernels::cpu {

/// A permutation that moves the last axis, as a set of planes. In each, axis `a` is the last of x
/// (elements 1 apart there) and axis `b` the last of y:   y[a * y_stride + b] = x[b * x_stride +
/// a].
struct TransposePlanes {
  static constexpr std::int64_t kTile = 64;  // elements a side: a tile of 4 bytes is 16 KiB

  std::int64_t a = 1, b = 1;                // sizes of the plane
  std::int64_t x_stride = 0, y_stride = 0;  // elements
  std::int64_t a_tiles = 0, b_tiles = 0;    // tiles of a plane
  std::int64_t planes = 1;
  int outer = 0;  // the other axes, in the order of y
  std::array<std::int64_t, TransposeShape::kMaxRank> size{}, x_step{}, y_step{};

  explicit TransposePlanes(const TransposeShape& s) {
    const auto rank = static_cast<std::size_t>(s.rank);
    std::array<std::int64_t, TransposeShape::kMaxRank> in_x{}, in_y{};  // strides by axis of x
    std::int64_t x_size = 1, y_size = 1;
    for (std::size_t k = rank; k-- > 0;) {
      in_x[k] = x_size;
      x_size *= s.sizes[k];
      const auto axis = static_cast<std::size_t>(s.perm[k]);
      in_y[axis] = y_size;
      y_size *= s.sizes[axis];
    }
    const std::size_t a_axis = rank - 1, b_axis = static_cast<std::size_t>(s.perm[rank - 1]);
    a = s.sizes[a_axis];
    b = s.sizes[b_axis];
    x_stride = in_x[b_axis];
    y_stride = in_y[a_axis];
    for (std::size_t k = 0; k < rank; ++k) {
      const auto axis = static_cast<std::size_t>(s.perm[k]);
      if (axis == a_axis || axis == b_axis) continue;
      const auto o = static_cast<std::size_t>(outer++);
      size[o] = s.sizes[axis];
      x_step[o] = in_x[axis];
      y_step[o] = in_y[axis];
      planes *= size[o];
    }
    a_tiles = (a + kTile - 1) / kTile;
    b_tiles = (b + kTile - 1) / kTile;
  }

  std::int64_t tiles() const { return planes * a_tiles * b_tiles; }

  struct Tile {
    std::int64_t x, y;        // offsets of its corner, in elements
    std::int64_t rows, cols;  // along b and along a
  };
  /// Neighbours along b come one after the other: rows of y are written on and on.
  Tile tile(std::int64_t index) const {
    const std::int64_t first_b = index % b_tiles * kTile;
    index /= b_tiles;
    const std::int64_t first_a = index % a_tiles * kTile;
    index /= a_tiles;
    Tile t{first_b * x_stride + first_a, first_a * y_stride + first_b,
           b - first_b < kTile ? b - first_b : kTile, a - first_a < kTile ? a - first_a : kTile};
    for (int o = outer; o-- > 0;) {
      const auto k = static_cast<std::size_t>(o);
      const std::int64_t i = index % size[k];
      index /= size[k];
      t.x += i * x_step[k];
      t.y += i * y_step[k];
    }
    return t;
  }
  /// Tiles a piece of work, from the shape alone.
  std::int64_t grain() const {
    const std::int64_t rows = b < kTile ? b : kTile, cols = a < kTile ? a : kTile;
    const std::int64_t work = rows * cols > 0 ? rows * cols : 1;
    return work < 32768 ? 32768 / work : 1;
  }
};

}  // namespace keratin::kernels::cpu
