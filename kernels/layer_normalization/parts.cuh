// What the rungs of layer normalization on a GPU share.
#pragma once

#include "kernels/cuda/columns.cuh"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {

/// From means of the differences to a rounded mean, and of their squares.
template <class T>
__device__ __forceinline__ T scale_of_row(T off, T squares, double epsilon) {
  const T spread = squares - off * off, variance = spread < 0 ? 0 : spread;  // NaN stays
  return static_cast<T>(1 / sqrt(static_cast<double>(variance) + epsilon));
}

/// dbeta and dgamma, for kernels/cuda/columns.cuh.
template <class T>
struct ColumnGradients {
  using Scalar = T;
  static constexpr int kTogether = 1;
  const T *x, *dy, *mean, *scale;
  T *dgamma, *dbeta;
  std::int64_t cols;

  __device__ T column(std::int64_t) const { return 0; }
  __device__ void terms(const T (&)[1], std::int64_t r, std::int64_t c, Two<T> (&terms)[1]) const {
    const std::int64_t i = r * cols + c;
    terms[0] = {dy[i], dy[i] * ((x[i] - mean[r]) * scale[r])};
  }
  __device__ void finish(std::int64_t c, double sum, double dot) const {
    dbeta[c] = static_cast<T>(sum);
    dgamma[c] = static_cast<T>(dot);
  }
};

}  // namespace keratin::kernels::cuda
