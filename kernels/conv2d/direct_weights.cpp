// Weight gradient without a matrix of patches: tiles of weights stay in registers over the pixels
// of a block of output rows. Rows of a tile are weights of (kernel column, input channel), which
// lie side by side in the image and in w; its columns are output channels.
#include "kernels/conv2d/conv2d.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/conv2d/walk.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv2d/direct_weights.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/conv2d/tile.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_CONV2D_BLOCK_
#define KERATIN_KERNELS_CONV2D_BLOCK_
namespace keratin::kernels::cpu {
namespace {
// Output pixels whose sums stay in registers: some rows of one image, or several whole images.
struct Block {
  std::int64_t image, images, row, rows;
};

// The operands of a block, each without gaps between the pixels of a row. x starts at the pixel of
// the block's first output and tap (0, 0); dy at that output's first channel of the group.
struct Operands {
  const float *x = nullptr, *dy = nullptr;
  std::int64_t x_row = 0, x_image = 0, dy_image = 0;  // floats from row to row, from image to image
};

// dy is packed by so many panels: whole lines of memory are read, and they stay in the cache.
constexpr std::int64_t kPackedPanels = 8;

constexpr std::int64_t kNearFloats = 8 << 10;   // 32 KiB
constexpr std::int64_t kFarFloats = 512 << 10;  // 2 MiB

// Scratch of a thread.
struct Workspace {
  float* panels;
  std::vector<Segment> segments;
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace conv2d;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

std::int64_t PanelWidth() { return kTileColumns; }

// dy of a block, `columns` channels, to panels of [pixels][kTileColumns], one after the other.
void PackPixels(const Conv2dShape& s, const Block& block, const Operands& of, std::int64_t column,
                std::int64_t columns, float* HWY_RESTRICT panels) {
  const D d;
  const std::int64_t pixels = block.rows * s.out_w;  // of an image
  // So many pixels are read whole before the next ones: they are wider than a panel.
  constexpr std::int64_t kRun = 16;
  for (std::int64_t m = 0; m < block.images; ++m) {
    const float* const image = of.dy + m * of.dy_image + column;
    for (std::int64_t first = 0; first < pixels; first += kRun) {
      const std::int64_t run = std::min(kRun, pixels - first);
      for (std::int64_t c = 0; c < columns; c += kTileColumns) {
        const float* from = image + first * s.out_c + c;
        float* to = panels + c * block.images * pixels + (m * pixels + first) * kTileColumns;
        const std::int64_t left = columns - c;
        for (std::int64_t i = 0; i < run; ++i, from += s.out_c, to += kTileColumns) {
          if (HWY_LIKELY(left >= kTileColumns)) {
            const V a = hn::LoadU(d, from), b = hn::LoadU(d, from + kLanes);
            hn::StoreU(a, d, to);
            hn::StoreU(b, d, to + kLanes);
          } else {
            hn::StoreU(simd::LoadN(d, from, left), d, to);
            hn::StoreU(simd::LoadN(d, from + kLanes, left - kLanes), d, to + kLanes);
          }
        }
      }
    }
  }
}

// How many of `left` lines of so many rows make tiles of the fewest steps a line. A tile of 2 n sums
// takes n cycles a step, but no fewer than the 4 of a multiply-add.
std::int64_t GroupsOfLines(std::int64_t line, std::int64_t left) {
  std::int64_t best = 1;
  double least = 1e30;
  for (std::int64_t groups = 1; groups <= std::min<std::int64_t>(kTileGroups, left); ++groups) {
    const std::int64_t most = GroupRows<2>(groups), tiles = (line + most - 1) / most,
                       rest = line % tiles;  // tiles of one row more than the others
    const auto steps = [&](std::int64_t rows) {
      return 0.5 + static_cast<double>(std::max<std::int64_t>(4, groups * rows));
    };
    const double all = (static_cast<double>(rest) * steps(line / tiles + 1) +
                        static_cast<double>(tiles - rest) * steps(line / tiles)) /
                       static_cast<double>(groups);
    if (all < least) best = groups, least = all;
  }
  return best;
}

// Adds a block to `sums`, or sets them, in panels [first, last) of a group's output channels.
void AddBlock(const Conv2dShape& s, const Block& block, const Operands& of, float* sums,
              bool accumulate, Workspace& work, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = s.group_in();
  const bool whole_rows = s.dilation_w == 1;
  // A line is a row of the kernel, or one tap where there are gaps between its columns.
  const std::int64_t outer = whole_rows ? 1 : s.kernel_h;
  const std::int64_t inner = whole_rows ? s.kernel_h : s.kernel_w;
  const std::int64_t line = whole_rows ? s.kernel_w * channels : channels;  // rows of weights
  const std::int64_t down = s.dilation_h * of.x_row;
  TileCall call{};
  call.a_step = s.stride_w * channels;
  call.a_group = whole_rows ? down : s.dilation_w * channels;
  call.c_step = s.out_c;
  call.c_group = line * s.out_c;
  call.accumulate = accumulate;
  const std::int64_t pixels = block.images * block.rows * s.out_w;
  const std::int64_t together = GroupsOfLines(line, inner),
                     tiles_of_lines = (line + GroupRows<2>(together) - 1) / GroupRows<2>(together);
  // A panel that is read often, or comes from memory, is copied: its rows lie out_c apart, far from
  // each other, unless all of them stay in the nearest cache.
  const bool copies =
      (outer * inner * tiles_of_lines >= 4 * together || s.out_size() > kFarFloats) &&
      pixels * s.out_c > kNearFloats;
  for (std::int64_t panel = first; panel < last; ++panel) {
    const std::int64_t column = panel * kTileColumns;
    call.columns = std::min(kTileColumns, s.group_out() - column);
    const bool part = call.columns % kLanes != 0, packs = copies || (part && !kMaskedLoads);
    call.b = of.dy + column;
    call.b_step = s.out_c;
    if (packs) {  // a part of a panel by itself, or all
      const std::int64_t packed = copies ? (panel - first) % kPackedPanels : 0;
      if (packed == 0) {
        const std::int64_t panels = copies ? std::min(last - panel, kPackedPanels) : 1;
        PackPixels(s, block, of, column, std::min(panels * kTileColumns, s.group_out() - column),
                   work.panels);
      }
      call.b = work.panels + packed * pixels * kTileColumns;
      call.b_step = kTileColumns;
    }
    work.segments.clear();
    for (std::int64_t m = 0; m < block.images; ++m) {
      for (std::int64_t i = 0; i < block.rows; ++i) {
        const std::int64_t b = packs ? (m * block.rows + i) * s.out_w * kTileColumns
                                     : m * of.dy_image + i * s.out_w * s.out_c;
        work.segments.push_back({m * of.x_image + i * s.stride_h * of.x_row, b, s.out_w});
      }
    }
    call.segments = work.segments.data();
    call.segment_count = static_cast<std::int64_t>(work.segments.size());
    for (std::int64_t p = 0; p < outer; ++p) {
      for (std::int64_t q = 0; q < inner;) {
        const std::int64_t groups = GroupsOfLines(line, inner - q), most = GroupRows<2>(groups),
                           tiles = (line + most - 1) / most;
        for (std::int64_t tile = 0; tile < tiles; ++tile) {
          const std::int64_t row = gemm::TileStart(line, tiles, tile);
          const std::int64_t rows = gemm::TileStart(line, tiles, tile + 1) - row;
          call.a = of.x + p * down + q * call.a_group + row;
          call.c = sums + (p * inner + q) * call.c_group + row * s.out_c + column;
          const bool masked = part && !packs;
          const TileFn run = call.columns <= kLanes
                                 ? (masked ? TileOf<1, Order::columns, true>(groups, rows)
                                           : TileOf<1, Order::columns, false>(groups, rows))
                                 : (masked ? TileOf<2, Order::columns, true>(groups, rows)
                                           : TileOf<2, Order::columns, false>(groups, rows));
          run(call);
        }
        q += groups;
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(PanelWidth);
HWY_EXPORT(AddBlock);

namespace {

constexpr std::int64_t kBlockPixels = 256;      // outputs of a block
constexpr std::int64_t kBandFloats = 96 << 10;  // of its source: 384 KiB
constexpr std::int64_t kLeastItems = 8;         // where pieces are few, output channels are cut

// What outputs of `rows` rows read in all: so many rows, and columns of each.
std::int64_t source_rows(const Conv2dShape& s, std::int64_t rows) {
  return (rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
}
std::int64_t source_columns(const Conv2dShape& s) {
  return (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
}

// Many weights read the same pixels of dy again and again: half as many stay near beside x.
std::int64_t block_pixels(const Conv2dShape& s) {
  const std::int64_t floats = kBlockPixels * s.out_c;
  const bool half = s.depth() > 16 && floats > kNearFloats / 2 && floats <= kNearFloats;
  return half ? kBlockPixels / 2 : kBlockPixels;
}

std::vector<Block> blocks_of(const Conv2dShape& s) {
  const std::int64_t pixels = block_pixels(s);
  const std::int64_t row_floats = source_columns(s) * s.group_in();
  const std::int64_t images = std::max<std::int64_t>(
      1,
      std::min(pixels / (s.out_h * s.out_w), kBandFloats / (source_rows(s, s.out_h) * row_floats)));
  std::vector<Block> blocks;
  if (images > 1) {
    const RowBlocks groups(1, s.batch, images);
    for (std::int64_t i = 0; i < groups.count; ++i) {
      blocks.push_back({groups[i].row, groups[i].rows, 0, s.out_h});
    }
  } else {
    const std::int64_t rows = std::min(pixels / s.out_w, kBandFloats / (row_floats * s.stride_h));
    const RowBlocks all(s.batch, s.out_h, rows);
    for (std::int64_t i = 0; i < all.count; ++i) {
      blocks.push_back({all[i].image, 1, all[i].row, all[i].rows});
    }
  }
  return blocks;
}

// The block's part of one group, x copied into `band` unless it may be read as it lies.
Operands operands_of(const Conv2dShape& s, const Block& b, const float* x, const float* dy,
                     std::int64_t group, float* band) {
  const Images images{s.in_h, s.in_w, s.in_c, s.group_in()};
  const std::int64_t row = b.row * s.stride_h - s.pad_top, rows = source_rows(s, b.rows),
                     columns = source_columns(s);
  const float* const image = x + b.image * images.size() + group * images.channels;
  Operands of{.dy = dy + (b.image * s.out_h + b.row) * s.out_w * s.out_c + group * s.group_out(),
              .dy_image = s.out_h * s.out_w * s.out_c};
  if (s.groups == 1 && row >= 0 && row + rows <= s.in_h && s.pad_left == 0 && columns <= s.in_w) {
    of.x = image + row * s.in_w * s.in_c;
    of.x_row = s.in_w * s.in_c;
    of.x_image = images.size();
    return of;
  }
  of.x = band;
  of.x_row = columns * images.channels;
  of.x_image = rows * of.x_row;
  for (std::int64_t m = 0; m < b.images; ++m) {
    copy_band(image + m * images.size(), images, row, rows, -s.pad_left, columns,
              band + m * of.x_image);
  }
  return of;
}

}  // namespace

void conv2d_weight_gradient_direct(const float* x, const float* dy, float* dw,
                                   const Conv2dShape& s) {
  const std::vector<Block> blocks = blocks_of(s);
  std::int64_t band_floats = 0, pixels = 0;
  for (const Block& b : blocks) {
    pixels = std::max(pixels, b.images * b.rows * s.out_w);
    band_floats =
        std::max(band_floats, b.images * source_rows(s, b.rows) * source_columns(s) * s.group_in());
  }
  const std::int64_t width = HWY_DYNAMIC_DISPATCH(PanelWidth)();
  const std::int64_t panels = (s.group_out() + width - 1) / width;
  const std::int64_t pieces = piece_count(s, static_cast<std::int64_t>(blocks.size()));
  const std::int64_t slices = std::min(panels, (kLeastItems + pieces - 1) / pieces);
  sum_pieces(dw, s, static_cast<std::int64_t>(blocks.size()), slices,
             [&](std::int64_t first, std::int64_t last, std::int64_t slice, float* sums) {
               const FloatScratch band(band_floats),
                   panels_of_dy(pixels * width * std::min(panels, kPackedPanels));
               Workspace work{panels_of_dy.data(), {}};
               for (std::int64_t g = 0; g < s.groups; ++g) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const Block& block = blocks[static_cast<std::size_t>(i)];
                   const Operands of = operands_of(s, block, x, dy, g, band.data());
                   HWY_DYNAMIC_DISPATCH(AddBlock)
                   (s, block, of, sums + g * s.group_out(), i > first, work,
                    slice * panels / slices, (slice + 1) * panels / slices);
                 }
               }
             });
}

}  // namespace keratin::kernels::cpu
#endif
