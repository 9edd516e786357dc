#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/batch_normalization/batch_normalization.h"

namespace keratin::kernels::cpu {

/// How [rows, channels] is cut into pieces of work, by its shape alone. Few channels would leave
/// most of a vector empty, so k rows side by side count as one wide row: [rows / k, k channels],
/// and rows that fill none are a piece of their own. A piece stays in the second-level cache while
/// it is read twice, and its results are small beside it.
struct Pieces {
  std::int64_t k, width;  // k channels
  std::int64_t wide_rows, left;
  std::int64_t rows, down;     // wide rows of a piece; pieces one below the other
  std::int64_t block, across;  // columns of a piece; pieces side by side

  static constexpr std::int64_t kBlock = 1024;

  explicit Pieces(const BatchNormShape& s) {
    const std::int64_t channels = std::max<std::int64_t>(1, s.channels);
    k = s.rows * channels < 8192 ? 1 : std::max<std::int64_t>(1, 128 / channels);
    width = k * s.channels;
    wide_rows = s.rows / k;
    left = s.rows % k;
    block = std::min(std::max<std::int64_t>(1, width), kBlock);
    across = (width + block - 1) / block;
    rows = std::max<std::int64_t>(64, 65536 / block);
    down = (wide_rows + rows - 1) / rows;
  }

  /// Results come in lines of `channels`: k of them for each piece of wide rows, one of what is
  /// left.
  std::int64_t lines() const { return down * k + (left > 0 ? 1 : 0); }
  /// The rows behind a line.
  std::int64_t rows_of(std::int64_t line) const {
    return line < down * k ? std::min(rows, wide_rows - line / k * rows) : left;
  }
};

/// Calls f(first element, distance of rows, rows, columns, place of the results) for pieces first
/// .. last - 1 of count_of(p).
template <class F>
void for_each_piece(const Pieces& p, std::int64_t first, std::int64_t last, F f) {
  for (std::int64_t i = first; i < last; ++i) {
    if (i == p.down * p.across) {
      f(p.wide_rows * p.width, p.width / p.k, p.left, p.width / p.k, p.down * p.width);
      continue;
    }
    const std::int64_t row = i / p.across * p.rows, column = i % p.across * p.block;
    f(row * p.width + column, p.width, std::min(p.rows, p.wide_rows - row),
      std::min(p.block, p.width - column), i / p.across * p.width + column);
  }
}
inline std::int64_t count_of(const Pieces& p) { return p.down * p.across + (p.left > 0 ? 1 : 0); }

}  // namespace keratin::kernels::cpu
