#include "kernels/gemm/product.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = 16;

// One element of C a thread. A block's threads fetch a tile of A and one of B together, and each
// element is then used 16 times.
template <class T>
__global__ void __launch_bounds__(kTile* kTile) gemm_kernel(ProductOf<T> p) {
  KERATIN_SHARED(T, tile_a, [kTile][kTile + 1]);
  KERATIN_SHARED(T, tile_b, [kTile][kTile + 1]);
  const TilePlace place = tile_place(p.s, kTile, kTile);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  for (std::int64_t q = blockIdx.z; q < p.s.batch; q += gridDim.z) {
    ProductOf<T> one = p;
    one.to(q);
    T sum = 0;
    for (std::int64_t k = 0; k < p.s.k; k += kTile) {
      // Neighbouring threads along whatever lies together.
      if (p.s.trans_a) {
        tile_a[x][y] = one.at_a(place.row + x, k + y);
      } else {
        tile_a[y][x] = one.at_a(place.row + y, k + x);
      }
      if (p.s.trans_b) {
        tile_b[x][y] = one.at_b(k + x, place.column + y);
      } else {
        tile_b[y][x] = one.at_b(k + y, place.column + x);
      }
      __syncthreads();
#pragma unroll
      for (int i = 0; i < kTile; ++i) sum += tile_a[y][i] * tile_b[i][x];
      __syncthreads();
    }
    one.store(place.row + y, place.column + x, sum);
  }
}

}  // namespace

template <class T>
void gemm_shared(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                 const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  constexpr auto kernel = gemm_kernel<T>;
  KERATIN_LAUNCH(kernel, grid_for(s, kTile, kTile), dim3(kTile, kTile), 0, stream,
                 product(a, b, c, e, s));
}

template void gemm_shared(const float*, const float*, float*, const Epilogue<float>&,
                          const GemmShape&, const Stream&);
template void gemm_shared(const double*, const double*, double*, const Epilogue<double>&,
                          const GemmShape&, const Stream&);

}  // namespace keratin::kernels::cuda
