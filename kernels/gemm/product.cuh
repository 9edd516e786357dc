// What the GPU's rungs of the matrix product share: operands with their edges, and the epilogue.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/error.h"
#include "kernels/gemm/gemm.h"

namespace keratin::kernels::cuda {

/// One product of a batch; the kernels' parameter.
template <class T>
struct ProductOf {
  const T *a, *b;
  T* c;
  const T* bias;  // or nullptr
  bool relu;
  GemmShape s;

  /// Moves on to product q of the batch.
  __device__ __forceinline__ void to(std::int64_t q) {
    a += q * s.stride_a;
    b += q * s.stride_b;
    c += q * s.stride_c;
  }
  /// op(A)[i, k] and op(B)[k, j], 0 outside.
  __device__ __forceinline__ T at_a(std::int64_t i, std::int64_t k) const {
    if (i >= s.m || k >= s.k) return 0;
    return s.trans_a ? a[k * s.lda + i] : a[i * s.lda + k];
  }
  __device__ __forceinline__ T at_b(std::int64_t k, std::int64_t j) const {
    if (k >= s.k || j >= s.n) return 0;
    return s.trans_b ? b[j * s.ldb + k] : b[k * s.ldb + j];
  }
  /// Stores C[i, j] from its sum, if it is inside.
  __device__ __forceinline__ void store(std::int64_t i, std::int64_t j, T sum) const {
    if (i >= s.m || j >= s.n) return;
    T* const to = c + i * s.ldc + j;
    if (s.accumulate) sum += *to;
    if (bias != nullptr) sum += bias[j];
    *to = relu && sum < 0 ? 0 : sum;  // NaN stays
  }
};
using Product = ProductOf<float>;

/// The grid for tiles of rows x columns of C: x counts tiles, z products.
inline dim3 grid_for(const GemmShape& s, int rows, int columns) {
  const std::int64_t tiles = ((s.m + rows - 1) / rows) * ((s.n + columns - 1) / columns);
  if (tiles > 0x7fffffff) {
    throw ShapeError("gemm: " + s.text() + " is more than one launch can do; split its rows");
  }
  return dim3(static_cast<unsigned>(tiles), 1,
              static_cast<unsigned>(std::min<std::int64_t>(s.batch, 65535)));
}

template <class T>
ProductOf<T> product(const T* a, const T* b, T* c, const Epilogue<T>& e, const GemmShape& s) {
  return {a, b, c, e.bias, e.activation == Activation::relu, s};
}

/// The first row and column of this block's tile.
struct TilePlace {
  std::int64_t row, column;
};
__device__ __forceinline__ TilePlace tile_place(const GemmShape& s, int rows, int columns) {
  const std::int64_t across = (s.n + columns - 1) / columns;
  return {blockIdx.x / across * rows, blockIdx.x % across * columns};
}

}  // namespace keratin::kernels::cuda
