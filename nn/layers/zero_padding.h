#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "nn/layer.h"

namespace keratin::layers {

/// How many rows and columns to add: 2 on all sides; {1, 2} rows above and below, columns left and
/// right; or {{top, bottom}, {left, right}}.
struct Padding2 {
  template <std::integral T>
  Padding2(T all) : Padding2(all, all) {}
  Padding2(std::int64_t rows, std::int64_t columns)
      : top(rows), bottom(rows), left(columns), right(columns) {}
  Padding2(std::pair<std::int64_t, std::int64_t> rows,
           std::pair<std::int64_t, std::int64_t> columns)
      : top(rows.first), bottom(rows.second), left(columns.first), right(columns.second) {}

  std::int64_t top, bottom, left, right;
};

/// How many steps to add: 2 at both ends, or {start, end}.
struct Padding1 {
  template <std::integral T>
  Padding1(T both) : Padding1(both, both) {}
  Padding1(std::int64_t start, std::int64_t end) : before(start), after(end) {}

  std::int64_t before, after;
};

struct ZeroPadding1DOptions {
  Padding1 padding = 1;
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f.pair("padding", padding.before, padding.after);
    f.data_format(data_format);
  }
};

/// Steps of zeros at the ends.   [batch, t, c] -> [batch, t + start + end, c]
/// Throws ValueError (negative amounts), ShapeError (rank).
class ZeroPadding1D : public LayerRef {
 public:
  explicit ZeroPadding1D(const ZeroPadding1DOptions& options = {});
};

struct ZeroPadding2DOptions {
  Padding2 padding = {1, 1};
  std::string data_format = {};  // channels_last only
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f.pairs("padding", padding.top, padding.bottom, padding.left, padding.right);
    f.data_format(data_format);
  }
};

/// A border of zeros.   [batch, h, w, c] -> [batch, h + top + bottom, w + left + right, c]
/// Throws ValueError (negative amounts), ShapeError (rank).
class ZeroPadding2D : public LayerRef {
 public:
  explicit ZeroPadding2D(const ZeroPadding2DOptions& options = {});
};

}  // namespace keratin::layers
