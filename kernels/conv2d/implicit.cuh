// The matrix product of gemm's registers over the operands of pass.cuh.
#pragma once

#include "kernels/conv2d/pass.cuh"
#include "kernels/error.h"
#include "kernels/gemm/sums.cuh"

namespace keratin::kernels::cuda {

/// A pass whose pixels are taken in phases: enter(i) before the i-th.
template <class Pass>
constexpr bool kHasPhases = requires(Pass pass, typename Pass::Index i) {
  pass.enter(i);
};

// 64 x 64 a block and 4 x 4 a thread; operands are gathered on the way into shared memory: no
// matrix of windows is written. The grid's second axis: pieces of k, or phases.
template <class Pass>
__global__ void __launch_bounds__(kSumsThreads, 2)
    implicit_kernel(Pass pass, typename Pass::Index across, typename Pass::Index piece) {
  using T = typename Pass::Scalar;
  using I = typename Pass::Index;
  constexpr int kTile = kSumsTile, kDepth = kSumsDepth, kThreads = kSumsThreads;
  constexpr int kPerThread = kSumsPerThread;
  constexpr int kLoads = kTile * kDepth / kThreads;  // of each operand, that a thread fetches
  KERATIN_SHARED(T, tile_a, [kDepth][kTile + 1]);
  KERATIN_SHARED(T, tile_b, [kDepth][kTile + 1]);
  const int t = static_cast<int>(threadIdx.x), x = t % 16, y = t / 16;
  const I tile = static_cast<I>(blockIdx.x);
  const I first_row = tile / across * kTile, first_column = tile % across * kTile;
  if constexpr (kHasPhases<Pass>) pass.enter(static_cast<I>(blockIdx.y));
  const I first = kHasPhases<Pass> ? 0 : static_cast<I>(blockIdx.y) * piece;
  const I last = first + piece < pass.k() ? first + piece : pass.k();
  // Of A, neighbouring threads take neighbouring k: channels of one pixel. Of B, columns.
  const int depth_a = t % kDepth, row_a = t / kDepth, depth_b = t / kTile, column_b = t % kTile;
  constexpr int kRowStep = kThreads / kDepth, kDepthStep = kThreads / kTile;
  for (I group = static_cast<I>(blockIdx.z); group < pass.s.groups;
       group += static_cast<I>(gridDim.z)) {
    decltype(pass.row(0)) rows[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) rows[i] = pass.row(first_row + row_a + i * kRowStep);
    T sums[kPerThread][kPerThread] = {};
    for (I k = first; k < last; k += kDepth) {
      const bool inside = k + depth_a < last;
      const auto depth = pass.depth(k + depth_a);
#pragma unroll
      for (int i = 0; i < kLoads; ++i) {
        tile_a[depth_a][row_a + i * kRowStep] = inside ? pass.a(rows[i], depth, group) : T(0);
        const I k_b = k + depth_b + i * kDepthStep;
        tile_b[depth_b + i * kDepthStep][column_b] =
            k_b < last ? pass.b(k_b, first_column + column_b, group) : T(0);
      }
      __syncthreads();
      add_products(sums, tile_a, tile_b, x, y);
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < kPerThread; ++i)
#pragma unroll
      for (int j = 0; j < kPerThread; ++j)
        pass.store(first_row + y + 16 * i, first_column + x + 16 * j, sums[i][j], group,
                   blockIdx.y);
  }
}

template <class Pass>
void launch_implicit(const Pass& pass, const Conv2dShape& s, std::int64_t pieces,
                     std::int64_t piece, const Stream& stream) {
  using I = typename Pass::Index;
  if (pass.m() == 0) return;
  const std::int64_t across = (std::int64_t{pass.n()} + kSumsTile - 1) / kSumsTile;
  const std::int64_t tiles = (std::int64_t{pass.m()} + kSumsTile - 1) / kSumsTile * across;
  if (tiles > 0x7fffffff || pieces > 65535) {
    throw ShapeError("conv2d: " + s.text() + " is more than one launch can do; split the batch");
  }
  constexpr auto kernel = implicit_kernel<Pass>;
  const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(pieces),
                  blocks_for(s.groups, 1));
  KERATIN_LAUNCH(kernel, grid, kSumsThreads, 0, stream, pass, static_cast<I>(across),
                 static_cast<I>(piece));
}

}  // namespace keratin::kernels::cuda
