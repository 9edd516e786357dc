// Places the boxes of a graph in ranks, so that edges lead down and cross little.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace keratin::detail {

struct Place {
  double x = 0, y = 0;
};

struct Extent {
  double width = 0, height = 0;
};

struct LayeredLayout {
  std::vector<Place> corners = {};  // upper left, of each box
  /// Of each edge: 2 n points, n >= 2. From an even one to the next the edge is a vertical line,
  /// from an odd one to the next a curve that begins and ends vertically. Empty from a box to
  /// itself.
  std::vector<std::vector<Place>> routes = {};
  Extent size = {};
};

/// `boxes` in an order in which most edges (from, to) lead forward; the others are drawn upwards.
/// The place of all is the same whenever it is asked for.
/// Source: Sugiyama, Tagawa and Toda 1981: ranks by the longest way, barycentres to sort each rank;
/// then each rank's places by isotonic regression (pool adjacent violators) on those of its
/// neighbours.
LayeredLayout layered_layout(const std::vector<Extent>& boxes,
                             const std::vector<std::pair<std::size_t, std::size_t>>& edges);

}  // namespace keratin::detail
