#include "kernels/gemm/product.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = 16;

// One element of C a thread; neighbouring threads take neighbouring rows, a cache line each.
template <class T>
__global__ void __launch_bounds__(kTile* kTile) gemm_kernel(ProductOf<T> p) {
  const TilePlace place = tile_place(p.s, kTile, kTile);
  const std::int64_t row = place.row + threadIdx.x;
  const std::int64_t column = place.column + threadIdx.y;
  for (std::int64_t q = blockIdx.z; q < p.s.batch; q += gridDim.z) {
    ProductOf<T> one = p;
    one.to(q);
    T sum = 0;
    for (std::int64_t k = 0; k < p.s.k; ++k) sum += one.at_a(row, k) * one.at_b(k, column);
    one.store(row, column, sum);
  }
}

}  // namespace

template <class T>
void gemm_naive(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s,
                const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  constexpr auto kernel = gemm_kernel<T>;
  KERATIN_LAUNCH(kernel, grid_for(s, kTile, kTile), dim3(kTile, kTile), 0, stream,
                 product(a, b, c, e, s));
}

template void gemm_naive(const float*, const float*, float*, const Epilogue<float>&,
                         const GemmShape&, const Stream&);
template void gemm_naive(const double*, const double*, double*, const Epilogue<double>&,
                         const GemmShape&, const Stream&);

}  // namespace keratin::kernels::cuda
