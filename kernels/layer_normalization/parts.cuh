// What the rungs of layer normalization on a GPU share.
#pragma once

#include "kernels/cuda/columns.cuh"
#include "kernels/layer_normalization/bfloat16.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {

/// From means of the differences to a rounded mean, and of their squares.
template <class T>
__device__ __forceinline__ T scale_of_row(T off, T squares, double epsilon) {
  const T spread = squares - off * off, variance = spread < 0 ? 0 : spread;  // NaN stays
  return static_cast<T>(1 / sqrt(static_cast<double>(variance) + epsilon));
}

/// dbeta and dgamma, for kernels/cuda/columns.cuh.
template <class X>
struct ColumnGradients {
  using Scalar = Computed<X>;
  static constexpr int kTogether = kColumnsTogether<X>;
  const X *x, *dy;
  const Scalar *mean, *scale;
  Scalar *dgamma, *dbeta;
  std::int64_t cols;
  bool aligned = is_aligned<Several<X, kTogether>>(x) && is_aligned<Several<X, kTogether>>(dy);

  __device__ Scalar column(std::int64_t) const { return 0; }
  template <int n>
  __device__ void terms(const Scalar (&)[n], std::int64_t r, std::int64_t c,
                        Two<Scalar> (&terms)[n]) const {
    const std::int64_t i = r * cols + c;
    const Scalar m = mean[r], k_row = scale[r];
    Scalar values[n], sent[n];
    load_for_sums(x + i, values, aligned);
    load_for_sums(dy + i, sent, aligned);
#pragma unroll
    for (int k = 0; k < n; ++k) terms[k] = {sent[k], sent[k] * ((values[k] - m) * k_row)};
  }
  __device__ void finish(std::int64_t c, double sum, double dot) const {
    dbeta[c] = static_cast<Scalar>(sum);
    dgamma[c] = static_cast<Scalar>(dot);
  }
};

}  // namespace keratin::kernels::cuda
