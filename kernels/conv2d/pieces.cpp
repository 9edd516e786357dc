#include "kernels/conv2d/pieces.h"

#include <cstring>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {

void sum_pieces(float* dw, const Conv2dShape& s, std::int64_t blocks,
                FunctionRef<void(std::int64_t first, std::int64_t last, float* sums)> piece) {
  constexpr std::int64_t kMostPieces = 16;
  constexpr std::int64_t kPieceWork = 1 << 21;  // multiply-adds
  constexpr std::int64_t kMostSums = 1 << 24;   // floats: 64 MiB
  const std::int64_t size = s.weight_size();
  const std::int64_t pieces = std::max<std::int64_t>(
      1, std::min({kMostPieces, blocks, s.out_size() * s.depth() / kPieceWork, kMostSums / size}));
  const FloatScratch rest((pieces - 1) * size);  // sums of all pieces but the first
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      float* const sums = i == 0 ? dw : rest.data() + (i - 1) * size;
      std::memset(sums, 0, static_cast<std::size_t>(size) * sizeof(float));
      piece(i * blocks / pieces, (i + 1) * blocks / pieces, sums);
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
