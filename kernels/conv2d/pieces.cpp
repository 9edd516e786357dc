#include "kernels/conv2d/pieces.h"

#include <cstring>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {

std::int64_t piece_count(const Conv2dShape& s, std::int64_t blocks) {
  constexpr std::int64_t kMost = 16;
  constexpr std::int64_t kWork = 4 * kPieceWork;  // multiply-adds of a piece at least
  constexpr std::int64_t kPixels = 128;           // ... and outputs, for one addition in joining
  constexpr std::int64_t kMostSums = 1 << 24;     // floats of all pieces: 64 MiB
  const std::int64_t pixels = s.batch * s.out_h * s.out_w;
  return std::max<std::int64_t>(1, std::min({kMost, blocks, s.out_size() * s.depth() / kWork,
                                             pixels / kPixels, kMostSums / s.weight_size()}));
}

void sum_pieces(
    float* dw, const Conv2dShape& s, std::int64_t blocks, std::int64_t slices,
    FunctionRef<void(std::int64_t first, std::int64_t last, std::int64_t slice, float* sums)>
        part) {
  const std::int64_t size = s.weight_size(), pieces = piece_count(s, blocks);
  if (blocks == 0) {
    std::memset(dw, 0, static_cast<std::size_t>(size) * sizeof(float));
    return;
  }
  const FloatScratch rest((pieces - 1) * size);  // sums of all pieces but the first
  parallel_for(pieces * slices, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t piece = i / slices;
      part(piece * blocks / pieces, (piece + 1) * blocks / pieces, i % slices,
           piece == 0 ? dw : rest.data() + (piece - 1) * size);
    }
  });
  parallel_for(size, grain_for(pieces), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = 1; i < pieces; ++i) {
      const float* const from = rest.data() + (i - 1) * size;
      for (std::int64_t j = first; j < last; ++j) dw[j] += from[j];
    }
  });
}

}  // namespace keratin::kernels::cpu
