// Convolution as the products of bfloat16 matrices that it is: rows of patches are gathered, some
// pixels at a time, as they are multiplied; no matrix of all of them is written. Source of the
// idea: Chetlur et al., cuDNN: efficient primitives for deep learning, 2014.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/conv2d/bfloat16.h"
#include "kernels/conv2d/pieces.h"
#include "kernels/conv2d/walk.h"
#include "kernels/gemm/bfloat16_blocks.h"
#include "kernels/parallel.h"
#include "kernels/processor.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

constexpr std::int64_t kPixels = 128;             // of a block of patches, about
constexpr std::int64_t kPatchElements = 1 << 17;  // ... and what they hold: 256 KiB
constexpr std::int64_t kColumns = 256;            // of a block of sums
constexpr std::int64_t kDepth = 256;              // of k at a time: a panel of 32 columns is 16 KiB
constexpr std::int64_t kPixelsOfSum = 256;        // of a block of a weight gradient

constexpr std::int64_t divided(std::int64_t x, std::int64_t by) { return (x + by - 1) / by; }

// Taps of a row of the kernel whose source pixels lie side by side, and so do their elements.
struct Run {
  std::int64_t first, count, offset;  // among the taps; of the first one
};

// Rows of patches: element (kernel row, kernel column, channel of the source's group). A line is a
// row of target pixels; lines count through all images.
class Patches {
 public:
  Patches(const BFloat16Blocks& blocks, const Images& source, const Axis& down, const Axis& across)
      : blocks_(blocks), source_(source), down_(down), across_(across) {
    const bool gaps = source.pitch != source.channels;
    for (std::size_t q = 0; q < across.taps.size(); ++q) {
      if (q > 0 && !gaps && across.taps[q].offset == across.taps[q - 1].offset + 1) {
        ++runs_.back().count;
      } else {
        runs_.push_back({static_cast<std::int64_t>(q), 1, across.taps[q].offset});
      }
    }
  }

  std::int64_t depth() const {
    return static_cast<std::int64_t>(down_.taps.size() * across_.taps.size()) * source_.channels;
  }
  // Patches that are the pixels of the source as they lie.
  bool are_pixels() const {
    return down_.taps.size() == 1 && across_.taps.size() == 1 && down_.taps[0].offset == 0 &&
           across_.taps[0].offset == 0 && down_.source_step == 1 && across_.source_step == 1 &&
           down_.count == source_.height && across_.count == source_.width;
  }

  // Lines [first, last) to rows `to_ld` apart; `x` is the first channel of the group.
  void gather(const BFloat16* x, std::int64_t first, std::int64_t last, BFloat16* to,
              std::int64_t to_ld) const {
    const std::int64_t tap_row = static_cast<std::int64_t>(across_.taps.size()) * source_.channels;
    for (std::int64_t line = first; line < last; ++line, to += across_.count * to_ld) {
      const BFloat16* const image = x + line / down_.count * source_.size();
      const std::int64_t start = line % down_.count * down_.source_step;
      for (std::size_t p = 0; p < down_.taps.size(); ++p) {
        const std::int64_t row = start + down_.taps[p].offset;
        BFloat16* const segment = to + static_cast<std::int64_t>(p) * tap_row;
        if (row < 0 || row >= source_.height) {
          for (std::int64_t j = 0; j < across_.count; ++j) clear(segment + j * to_ld, tap_row);
          continue;
        }
        for (const Run& run : runs_) {
          gather_run(image + row * source_.width * source_.pitch, run,
                     segment + run.first * source_.channels, to_ld);
        }
      }
    }
  }

 private:
  static void clear(BFloat16* to, std::int64_t count) { std::fill_n(to, count, BFloat16()); }

  void gather_run(const BFloat16* row, const Run& run, BFloat16* to, std::int64_t to_ld) const {
    // Target pixels [inside, outside) read nothing but the row.
    const std::int64_t step = across_.source_step, room = source_.width - run.count - run.offset;
    const std::int64_t inside = std::clamp<std::int64_t>(
        divided(std::max<std::int64_t>(0, -run.offset), step), 0, across_.count);
    const std::int64_t outside =
        room < 0 ? inside : std::clamp<std::int64_t>(room / step + 1, inside, across_.count);
    for (std::int64_t j = 0; j < inside; ++j) gather_edge(row, run, j, to + j * to_ld);
    blocks_.copy_runs(row + (inside * step + run.offset) * source_.pitch, step * source_.pitch,
                      outside - inside, run.count * source_.channels, to + inside * to_ld, to_ld);
    for (std::int64_t j = outside; j < across_.count; ++j) {
      gather_edge(row, run, j, to + j * to_ld);
    }
  }
  void gather_edge(const BFloat16* row, const Run& run, std::int64_t j, BFloat16* to) const {
    const std::int64_t channels = source_.channels;
    for (std::int64_t q = 0; q < run.count; ++q) {
      const std::int64_t column = j * across_.source_step + run.offset + q;
      if (column < 0 || column >= source_.width) {
        clear(to + q * channels, channels);
      } else {
        blocks_.copy_runs(row + column * source_.pitch, 0, 1, channels, to + q * channels, 0);
      }
    }
  }

  const BFloat16Blocks& blocks_;
  Images source_;
  const Axis &down_, &across_;
  std::vector<Run> runs_;
};

// What a pass is on both sides; the input gradient's weights are transposed and mirrored.
struct Pass {
  Images source, target;
  Axes axes;
  bool transposed;
};

// [source channel of every tap, target channels] of the group, in the order of the taps.
void mirrored_weights(const BFloat16* w, const Conv2dShape& s, std::int64_t group, const Axis& down,
                      const Axis& across, BFloat16* to) {
  const std::int64_t in = s.group_in(), out = s.group_out();
  for (const Axis::Tap& p : down.taps) {
    for (const Axis::Tap& q : across.taps) {
      const BFloat16* const tap = w + (p.index * s.kernel_w + q.index) * in * s.out_c + group * out;
      for (std::int64_t c = 0; c < in; ++c) {
        for (std::int64_t o = 0; o < out; ++o) to[o * in + c] = tap[c * s.out_c + o];
      }
      to += out * in;
    }
  }
}

void run_phase(const BFloat16Blocks& blocks, const Pass& pass, const Axis& down, const Axis& across,
               const BFloat16* x, const BFloat16* w, BFloat16* y, const Epilogue<BFloat16>& e,
               const Conv2dShape& s, std::int64_t group) {
  const Images &source = pass.source, &target = pass.target;
  const Patches patches(blocks, source, down, across);
  const std::int64_t k = patches.depth(), filled = blocks.filled(k);
  const std::int64_t panels = blocks.panels_of(target.channels), panel_size = filled * blocks.panel;
  const Scratch packed(static_cast<std::size_t>(panels * panel_size) * sizeof(BFloat16));
  if (pass.transposed) {
    const Scratch mirrored(static_cast<std::size_t>(k * target.channels) * sizeof(BFloat16));
    mirrored_weights(w, s, group, down, across, mirrored.as<BFloat16>());
    blocks.pack_panels(mirrored.as<BFloat16>(), target.channels, false, k, target.channels,
                       packed.as<void>(), panel_size);
  } else {
    blocks.pack_panels(w + group * target.channels, s.out_c, false, k, target.channels,
                       packed.as<void>(), panel_size);
  }
  const std::int64_t at_once =
      std::min(kPixels, kPatchElements / std::max<std::int64_t>(1, filled));
  const std::int64_t lines = s.batch * down.count;
  const std::int64_t block_lines =
      std::clamp<std::int64_t>(at_once / across.count, 1, std::max<std::int64_t>(1, lines));
  const std::int64_t pixels = block_lines * across.count, panel_group = kColumns / blocks.panel;
  const std::int64_t sums_ld = std::min(panels, panel_group) * blocks.panel;
  const bool as_it_lies = patches.are_pixels() && k == filled;
  const bool whole_lines = down.step == 1 && across.step == 1 && across.count == target.width &&
                           down.count == target.height;
  const BFloat16* const from = x + group * source.channels;
  const std::int64_t work = std::max<std::int64_t>(1, pixels * k * target.channels);
  parallel_for(
      divided(lines, block_lines), grain_for(work, blocks.piece_work),
      [&](std::int64_t first, std::int64_t last) {
        const Scratch rows(
            as_it_lies ? 0 : static_cast<std::size_t>(pixels * filled) * sizeof(BFloat16));
        const FloatScratch sums(pixels * sums_ld);
        if (!as_it_lies && k < filled) {  // behind the last tap there are zeros
          std::memset(rows.as<void>(), 0,
                      static_cast<std::size_t>(pixels * filled) * sizeof(BFloat16));
        }
        for (std::int64_t block = first; block < last; ++block) {
          const std::int64_t line = block * block_lines, end = std::min(lines, line + block_lines);
          const std::int64_t count = (end - line) * across.count;
          const BFloat16* a = rows.as<BFloat16>();
          if (as_it_lies) {
            a = from + line * across.count * source.pitch;
          } else {
            patches.gather(from, line, end, rows.as<BFloat16>(), filled);
          }
          const std::int64_t a_ld = as_it_lies ? source.pitch : filled;
          for (std::int64_t panel = 0; panel < panels; panel += panel_group) {
            const std::int64_t some = std::min(panel_group, panels - panel);
            if (k == 0) std::fill_n(sums.data(), count * sums_ld, 0.0f);
            for (std::int64_t k0 = 0; k0 < filled; k0 += kDepth) {
              blocks.multiply(a + k0, a_ld, count,
                              packed.as<BFloat16>() + panel * panel_size + k0 * blocks.panel,
                              panel_size, some, std::min(kDepth, filled - k0), sums.data(), sums_ld,
                              k0 > 0);
            }
            const std::int64_t column = panel * blocks.panel;
            const std::int64_t columns = std::min(some * blocks.panel, target.channels - column);
            const Epilogue<BFloat16> epilogue{
                e.bias != nullptr ? e.bias + group * target.channels + column : nullptr,
                e.activation};
            BFloat16* const to = y + group * target.channels + column;
            if (whole_lines) {
              round_sums(sums.data(), sums_ld, count, columns,
                         to + line * across.count * target.pitch, target.pitch, epilogue, false);
              continue;
            }
            for (std::int64_t l = line; l < end; ++l) {
              const std::int64_t row = down.first + l % down.count * down.step;
              round_sums(sums.data() + (l - line) * across.count * sums_ld, sums_ld, across.count,
                         columns,
                         to + l / down.count * target.size() +
                             (row * target.width + across.first) * target.pitch,
                         across.step * target.pitch, epilogue, false);
            }
          }
        }
      });
}

void run_pass(const Pass& pass, const BFloat16* x, const BFloat16* w, BFloat16* y,
              const Epilogue<BFloat16>& e, const Conv2dShape& s) {
  if (s.batch == 0) return;
  const BFloat16Blocks blocks = best_bfloat16_blocks();
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (const Axis& down : pass.axes.down) {
      for (const Axis& across : pass.axes.across) {
        if (down.count == 0 || across.count == 0) continue;
        run_phase(blocks, pass, down, across, x, w, y, e, s, group);
      }
    }
  }
}

Images inputs_of(const Conv2dShape& s) { return {s.in_h, s.in_w, s.in_c, s.group_in()}; }
Images outputs_of(const Conv2dShape& s) { return {s.out_h, s.out_w, s.out_c, s.group_out()}; }

}  // namespace

bool conv2d_implicit_bfloat16_applies(const Conv2dShape& s) {
  if (s.groups > 1 && (s.group_in() < 16 || s.group_out() < 16)) return false;
  return has_amx_bfloat16() || (avx512_bf16_pays() && !conv2d_winograd_applies(s));
}

bool conv2d_input_gradient_implicit_bfloat16_applies(const Conv2dShape& s) {
  return conv2d_implicit_bfloat16_applies(s) && !conv2d_has_few_channels(s);
}

void conv2d_bfloat16_implicit(const BFloat16* x, const BFloat16* w, BFloat16* y,
                              const Epilogue<BFloat16>& e, const Conv2dShape& s) {
  run_pass({inputs_of(s), outputs_of(s), forward_axes(s), false}, x, w, y, e, s);
}

void conv2d_input_gradient_bfloat16_implicit(const BFloat16* dy, const BFloat16* w, BFloat16* dx,
                                             const Conv2dShape& s) {
  run_pass({outputs_of(s), inputs_of(s), input_gradient_axes(s), true}, dy, w, dx, {}, s);
}

// dW^T[out, depth] = dY^T[out, pixels] P[pixels, depth], the pixels in pieces, joined in order.
void conv2d_weight_gradient_bfloat16_implicit(const BFloat16* x, const BFloat16* dy, BFloat16* dw,
                                              const Conv2dShape& s) {
  if (s.batch == 0) {
    std::fill_n(dw, s.weight_size(), BFloat16());
    return;
  }
  const BFloat16Blocks blocks = best_bfloat16_blocks();
  const Axes axes = forward_axes(s);
  const Patches patches(blocks, inputs_of(s), axes.down[0], axes.across[0]);
  const std::int64_t depth = s.depth(), out = s.group_out(), lines = s.batch * s.out_h;
  const std::int64_t panels = blocks.panels_of(depth), ld = panels * blocks.panel;
  const std::int64_t at_once = std::min(kPixelsOfSum, 2 * kPatchElements / depth);
  const std::int64_t block_lines = std::clamp<std::int64_t>(at_once / s.out_w, 1, lines);
  const std::int64_t count = divided(lines, block_lines), pieces = piece_count(s, count);
  const std::int64_t most = blocks.filled(block_lines * s.out_w);
  const std::int64_t size = out * ld;
  const FloatScratch all(pieces * size);
  for (std::int64_t group = 0; group < s.groups; ++group) {
    parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
      const auto bytes = [](std::int64_t elements) {
        return static_cast<std::size_t>(elements) * sizeof(BFloat16);
      };
      const Scratch rows(bytes(most * depth)), packed_dy(bytes(out * most)),
          packed(bytes(panels * most * blocks.panel));
      for (std::int64_t piece = first; piece < last; ++piece) {
        const std::int64_t begin = piece * count / pieces, end = (piece + 1) * count / pieces;
        for (std::int64_t block = begin; block < end; ++block) {
          const std::int64_t line = block * block_lines;
          const std::int64_t line_end = std::min(lines, line + block_lines);
          const std::int64_t pixels = (line_end - line) * s.out_w, filled = blocks.filled(pixels);
          patches.gather(x + group * s.group_in(), line, line_end, rows.as<BFloat16>(), depth);
          blocks.pack_panels(rows.as<BFloat16>(), depth, false, pixels, depth, packed.as<void>(),
                             filled * blocks.panel);
          blocks.pack_rows(dy + line * s.out_w * s.out_c + group * out, s.out_c, true, out, pixels,
                           packed_dy.as<void>(), filled);
          blocks.multiply(packed_dy.as<void>(), filled, out, packed.as<void>(),
                          filled * blocks.panel, panels, filled, all.data() + piece * size, ld,
                          block > begin);
        }
      }
    });
    parallel_for(out, grain_for(ld * pieces), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t o = first; o < last; ++o) {
        float* const sums = all.data() + o * ld;
        for (std::int64_t piece = 1; piece < pieces; ++piece) {
          const float* const more = sums + piece * size;
          for (std::int64_t i = 0; i < ld; ++i) sums[i] += more[i];
        }
      }
    });
    parallel_for(depth, grain_for(4 * out), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        for (std::int64_t o = 0; o < out; ++o) {
          dw[i * s.out_c + group * out + o] = to_bfloat16(all.data()[o * ld + i]);
        }
      }
    });
  }
}

}  // namespace keratin::kernels::cpu
