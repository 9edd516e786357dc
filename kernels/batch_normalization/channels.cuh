// What batch normalization does with the columns of [rows, channels], for kernels/cuda/columns.cuh.
#pragma once

#include "kernels/batch_normalization/batch_normalization.h"
#include "kernels/cuda/columns.cuh"

namespace keratin::kernels::cuda {

/// 1 / sqrt(variance + epsilon)
template <class T>
__device__ __forceinline__ T scale_of(T variance, double epsilon) {
  return static_cast<T>(1 / sqrt(static_cast<double>(variance) + epsilon));
}

/// Mean and variance from sums of x - shift and of its square, shift being the mean of the first
/// rows: squares of x itself would cancel where the mean is large beside the deviation.
template <class T>
struct ChannelMoments {
  using Scalar = T;
  const T* x;
  T *mean, *variance;
  std::int64_t rows, channels;

  __device__ T column(std::int64_t c) const {
    const std::int64_t first = rows < 16 ? rows : 16;
    T sum = 0;
    for (std::int64_t r = 0; r < first; ++r) sum += x[r * channels + c];
    const T shift = sum / static_cast<T>(first);
    return shift - shift == 0 ? shift : 0;  // infinity is the sums' to find
  }
  __device__ Two<T> terms(T shift, std::int64_t r, std::int64_t c) const {
    const T d = x[r * channels + c] - shift;
    return {d, d * d};
  }
  __device__ void finish(std::int64_t c, double sum, double squares) const {
    const auto n = static_cast<double>(rows);
    const double off = sum / n, spread = squares / n - off * off;
    mean[c] = static_cast<T>(static_cast<double>(column(c)) + off);
    variance[c] = static_cast<T>(spread < 0 ? 0 : spread);  // rounding; NaN stays
  }
};

/// dbeta and dgamma.
template <class T>
struct ChannelGradientSums {
  using Scalar = T;
  const T *x, *dy, *mean, *variance;
  T *dgamma, *dbeta;
  std::int64_t channels;
  double epsilon;

  __device__ T column(std::int64_t c) const { return mean[c]; }
  __device__ Two<T> terms(T m, std::int64_t r, std::int64_t c) const {
    const std::int64_t i = r * channels + c;
    return {dy[i], dy[i] * (x[i] - m)};
  }
  __device__ void finish(std::int64_t c, double sum, double dot) const {
    dbeta[c] = static_cast<T>(sum);
    dgamma[c] = static_cast<T>(dot / sqrt(static_cast<double>(variance[c]) + epsilon));
  }
};

/// y = gamma scale (x - mean) + beta
template <class T>
struct ChannelNormalize {
  const T *x, *mean, *variance, *gamma, *beta;
  T* y;
  double epsilon;

  struct Column {
    T mean, scale, beta;
  };
  __device__ Column column(std::int64_t c) const {
    return {mean[c], (gamma != nullptr ? gamma[c] : 1) * scale_of(variance[c], epsilon),
            beta != nullptr ? beta[c] : 0};
  }
  template <int n>
  __device__ void apply(const Column (&columns)[n], std::int64_t i) const {
    auto v = reinterpret_cast<const Several<T, n>*>(x)[i];
#pragma unroll
    for (int k = 0; k < n; ++k)
      v.at[k] = (v.at[k] - columns[k].mean) * columns[k].scale + columns[k].beta;
    reinterpret_cast<Several<T, n>*>(y)[i] = v;
  }
  bool aligned() const { return is_aligned<Several<T, 4>>(x) && is_aligned<Several<T, 4>>(y); }
};

/// dx = gamma scale (dy - dbeta / rows - (x - mean) scale dgamma / rows)
template <class T>
struct ChannelInputGradient {
  const T *x, *dy, *mean, *variance, *gamma, *dgamma, *dbeta;
  T* dx;
  std::int64_t rows;
  double epsilon;

  struct Column {
    T mean, scale, sum, dot;
  };
  __device__ Column column(std::int64_t c) const {
    const T scale = scale_of(variance[c], epsilon), n = static_cast<T>(rows);
    return {mean[c], (gamma != nullptr ? gamma[c] : 1) * scale, dbeta[c] / n,
            dgamma[c] / n * scale};
  }
  template <int n>
  __device__ void apply(const Column (&columns)[n], std::int64_t i) const {
    const auto v = reinterpret_cast<const Several<T, n>*>(x)[i];
    auto g = reinterpret_cast<const Several<T, n>*>(dy)[i];
#pragma unroll
    for (int k = 0; k < n; ++k)
      g.at[k] = columns[k].scale *
                (g.at[k] - columns[k].sum - (v.at[k] - columns[k].mean) * columns[k].dot);
    reinterpret_cast<Several<T, n>*>(dx)[i] = g;
  }
  bool aligned() const {
    return is_aligned<Several<T, 4>>(x) && is_aligned<Several<T, 4>>(dy) &&
           is_aligned<Several<T, 4>>(dx);
  }
};

}  // namespace keratin::kernels::cuda
