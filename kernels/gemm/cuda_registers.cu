#include "kernels/gemm/product.cuh"
#include "kernels/gemm/sums.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = kSumsTile, kDepth = kSumsDepth, kPerThread = kSumsPerThread,
              kThreads = kSumsThreads;

// 4 x 4 elements of C a thread, 64 x 64 a block: of every 8 values from shared memory come 16
// multiply-adds. Two blocks a multiprocessor are enough: left alone, ptxas aims at more and spills.
template <class T>
__global__ void __launch_bounds__(kThreads, 2) gemm_kernel(ProductOf<T> p) {
  KERATIN_SHARED(T, tile_a, [kDepth][kTile + 1]);
  KERATIN_SHARED(T, tile_b, [kDepth][kTile + 1]);
  const TilePlace place = tile_place(p.s, kTile, kTile);
  const int t = static_cast<int>(threadIdx.x), x = t % 16, y = t / 16;
  for (std::int64_t q = blockIdx.z; q < p.s.batch; q += gridDim.z) {
    ProductOf<T> one = p;
    one.to(q);
    T sums[kPerThread][kPerThread] = {};
    for (std::int64_t k = 0; k < p.s.k; k += kDepth) {
      for (int i = t; i < kTile * kDepth; i += kThreads) {
        const int row = p.s.trans_a ? i % kTile : i / kDepth;
        const int depth_a = p.s.trans_a ? i / kTile : i % kDepth;
        tile_a[depth_a][row] = one.at_a(place.row + row, k + depth_a);
        const int column = p.s.trans_b ? i / kDepth : i % kTile;
        const int depth_b = p.s.trans_b ? i % kDepth : i / kTile;
        tile_b[depth_b][column] = one.at_b(k + depth_b, place.column + column);
      }
      __syncthreads();
      add_products(sums, tile_a, tile_b, x, y);
      __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < kPerThread; ++i)
#pragma unroll
      for (int j = 0; j < kPerThread; ++j)
        one.store(place.row + y + 16 * i, place.column + x + 16 * j, sums[i][j]);
  }
}

}  // namespace

template <class T>
void gemm_registers(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                    const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  constexpr auto kernel = gemm_kernel<T>;
  KERATIN_LAUNCH(kernel, grid_for(s, kTile, kTile), kThreads, 0, stream, product(a, b, c, e, s));
}

template void gemm_registers(const float*, const float*, float*, const Epilogue<float>&,
                             const GemmShape&, const Stream&);
template void gemm_registers(const double*, const double*, double*, const Epilogue<double>&,
                             const GemmShape&, const Stream&);

}  // namespace keratin::kernels::cuda
