// The direct kernels' view of a convolution, without SIMD: which pixels of a source image meet
// which weights. The forward pass and the input gradient are the same walk: each pixel of the
// target sums over taps at fixed distances in the source. The input gradient of a convolution with
// strides falls into stride_h x stride_w phases, the pixels of one remainder each, which meet the
// same taps.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"

namespace keratin::kernels::cpu {

/// A run of k products: the next elements of both operands lie one step on. Offsets in floats.
struct Segment {
  std::int64_t a, b, k;
};

/// Taps [first, first + count) of an axis.
struct TapRange {
  std::int64_t first, count;
};

/// One axis of a phase. Target pixel first + i step, for i < count, reads source pixels i *
/// source_step + tap.offset and meets row (or column) tap.index of the kernel.
struct Axis {
  struct Tap {
    std::int64_t offset, index;
  };
  std::vector<Tap> taps;  // by ascending offset
  std::int64_t first = 0, step = 1, count = 0, source_step = 1;

  /// Those of the taps of the i-th target pixel that meet one of `size` source pixels.
  TapRange taps_inside(std::int64_t i, std::int64_t size) const;
  /// Source pixels begin(i) to end(i) - 1 are those that the i-th target pixel reads.
  std::int64_t begin(std::int64_t i) const {
    return i * source_step + (taps.empty() ? 0 : taps.front().offset);
  }
  std::int64_t end(std::int64_t i) const {
    return i * source_step + (taps.empty() ? 0 : taps.back().offset + 1);
  }
};

/// The taps in their order, those whose pixels lie side by side as one segment. `a` counts from the
/// first tap, `row_floats` from row to row; a pixel has `channels` rows of packed weights, each of
/// `panel_width`.
std::vector<Segment> tap_segments(const Axis& down, const Axis& across, std::int64_t channels,
                                  std::int64_t row_floats, std::int64_t panel_width);

/// Both axes: one each for the forward pass, one a remainder for the input gradient.
struct Axes {
  std::vector<Axis> down, across;
};
Axes forward_axes(const Conv2dShape& s);
Axes input_gradient_axes(const Conv2dShape& s);

/// The images on one side of a walk.
struct Images {
  std::int64_t height, width, pitch;  // floats from pixel to pixel: all channels
  std::int64_t channels;              // of one group

  std::int64_t size() const { return height * width * pitch; }
};

/// A matrix of packed weights has a row for each tap and channel of the source, in panels of
/// `panel_width` channels of the target.
struct Phase {
  Axis down, across;
  std::int64_t first_row;         // of its rows among those of all phases
  std::int64_t source_width;      // columns of the source that a row of the target reads
  std::vector<Segment> in_place;  // over a row of taps after the other, in the source as it lies
  std::vector<Segment> in_band;   // ... and in a copied band
  RowBlocks blocks;               // of the target's rows down.first, + down.step ...
  std::int64_t first_item;        // of its items (group, image, block) among those of all phases
};

struct Walk {
  std::int64_t batch, groups;
  Images source, target;
  bool transposed;  // weights of neighbouring source channels lie side by side: the input gradient
  std::int64_t kernel_w, weight_rows, weight_columns;  // w is [taps, weight_rows, weight_columns]
  std::int64_t panel_width, panels;                    // of a group
  std::int64_t panel_rows = 0;                         // of all phases
  std::int64_t items = 0, grain = 1, band_floats = 0;
  std::vector<Phase> phases;

  const Phase& phase_of(std::int64_t item) const;
};

Walk forward_walk(const Conv2dShape& s, std::int64_t panel_width);
Walk input_gradient_walk(const Conv2dShape& s, std::int64_t panel_width);

/// Rows [row, row + rows), columns [column, column + columns) of the first image.channels of each
/// pixel, without gaps; zeros outside the image.
void copy_band(const float* from, const Images& image, std::int64_t row, std::int64_t rows,
               std::int64_t column, std::int64_t columns, float* band);

}  // namespace keratin::kernels::cpu
