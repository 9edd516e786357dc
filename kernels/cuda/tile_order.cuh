// In which order tiles of a product are made.
#pragma once

#include "kernels/cuda/device.cuh"

namespace keratin::kernels::cuda {

/// Tiles run down eight rows of them, then on to the next column, so that blocks that run together
/// share operands in the L2 cache.
template <class Int>
__device__ __forceinline__ void place_of_tile(Int tile, Int across, Int down, Int& row,
                                              Int& column) {
  constexpr Int kBand = 8;
  const Int band = tile / (kBand * across), at = tile % (kBand * across);
  const Int left = down - band * kBand, height = left < kBand ? left : kBand;
  row = band * kBand + at % height;
  column = at / height;
}

}  // namespace keratin::kernels::cuda
