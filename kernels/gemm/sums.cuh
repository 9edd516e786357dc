// 4 x 4 sums a thread from tiles of 64 x 8 and 8 x 64 in shared memory, by 256 threads.
#pragma once

#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {

constexpr int kSumsTile = 64, kSumsDepth = 8, kSumsPerThread = 4, kSumsThreads = 256;

/// Adds the product of the tiles to the sums of thread (x, y) of 16 x 16: rows y + 16 i, columns x +
/// 16 j. Of every 8 values from shared memory come 16 multiply-adds.
template <class T, class Tile>
__device__ __forceinline__ void add_products(T (&sums)[kSumsPerThread][kSumsPerThread],
                                             const Tile& a, const Tile& b, int x, int y) {
#pragma unroll
  for (int d = 0; d < kSumsDepth; ++d) {
    T left[kSumsPerThread], right[kSumsPerThread];
#pragma unroll
    for (int i = 0; i < kSumsPerThread; ++i) left[i] = a[d][y + 16 * i];
#pragma unroll
    for (int j = 0; j < kSumsPerThread; ++j) right[j] = b[d][x + 16 * j];
#pragma unroll
    for (int i = 0; i < kSumsPerThread; ++i)
#pragma unroll
      for (int j = 0; j < kSumsPerThread; ++j) sums[i][j] += left[i] * right[j];
  }
}

}  // namespace keratin::kernels::cuda
