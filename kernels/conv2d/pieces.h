// How a convolution is cut into pieces of work: by its shape alone, so that sums are the same bits
// on any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/conv2d/conv2d.h"
#include "kernels/function_ref.h"

namespace keratin::kernels::cpu {

/// Output rows [row, row + rows) of one image.
struct RowBlock {
  std::int64_t image, row, rows;
};

/// All images in blocks of nearly equal numbers of rows, at most `most` each.
struct RowBlocks {
  std::int64_t out_h = 0, per_image = 0, count = 0;

  RowBlocks(std::int64_t batch, std::int64_t height, std::int64_t most)
      : out_h(height),
        per_image((height + std::max<std::int64_t>(1, most) - 1) / std::max<std::int64_t>(1, most)),
        count(batch * per_image) {}
  RowBlock operator[](std::int64_t i) const {
    const std::int64_t part = i % per_image, row = part * out_h / per_image;
    return {i / per_image, row, (part + 1) * out_h / per_image - row};
  }
  /// Rows of the largest block.
  std::int64_t largest() const { return (out_h + per_image - 1) / per_image; }
};

/// How many pieces the sums of a weight gradient are cut into.
std::int64_t piece_count(const Conv2dShape& s, std::int64_t blocks);

/// The weight gradient as a sum of pieces: `part(first, last, slice, sums)` sets its slice, of
/// `slices`, of `sums` to what blocks [first, last) give, of `blocks` in all. Pieces are joined in
/// order.
void sum_pieces(
    float* dw, const Conv2dShape& s, std::int64_t blocks, std::int64_t slices,
    FunctionRef<void(std::int64_t first, std::int64_t last, std::int64_t slice, float* sums)> part);

}  // namespace keratin::kernels::cpu
