// What the rungs of layer normalization on a GPU share.
#pragma once

#include "kernels/cuda/columns.cuh"
#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {

/// From means of the differences to a rounded mean, and of their squares.
__device__ __forceinline__ float scale_of_row(float off, float squares, double epsilon) {
  const float spread = squares - off * off, variance = spread < 0 ? 0 : spread;  // NaN stays
  return static_cast<float>(1 / sqrt(static_cast<double>(variance) + epsilon));
}

/// dbeta and dgamma, for kernels/cuda/columns.cuh.
struct ColumnGradients {
  const float *x, *dy, *mean, *scale;
  float *dgamma, *dbeta;
  std::int64_t cols;

  __device__ float column(std::int64_t) const { return 0; }
  __device__ float2 terms(float, std::int64_t r, std::int64_t c) const {
    const std::int64_t i = r * cols + c;
    return make_float2(dy[i], dy[i] * ((x[i] - mean[r]) * scale[r]));
  }
  __device__ void finish(std::int64_t c, double sum, double dot) const {
    dbeta[c] = static_cast<float>(sum);
    dgamma[c] = static_cast<float>(dot);
  }
};

}  // namespace keratin::kernels::cuda
