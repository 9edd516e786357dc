// What batch normalization does with the columns of [rows, channels], for kernels/cuda/columns.cuh.
#pragma once

#include "kernels/batch_normalization/bfloat16.h"
#include "kernels/cuda/columns.cuh"

namespace keratin::kernels::cuda {

/// 1 / sqrt(variance + epsilon)
template <class T>
__device__ __forceinline__ T scale_of(T variance, double epsilon) {
  return static_cast<T>(1 / sqrt(static_cast<double>(variance) + epsilon));
}

/// Elements that maps take at once.
template <class T>
constexpr int kMostMapped = sizeof(T) == 2 ? 8 : 4;

/// Mean and variance from sums of x - shift and of its square, shift being the mean of the first
/// rows: squares of x itself would cancel where the mean is large beside the deviation.
template <class T>
struct ChannelMoments {
  using Scalar = Computed<T>;
  static constexpr int kTogether = kColumnsTogether<T>;
  const T* x;
  Scalar *mean, *variance;
  std::int64_t rows, channels;
  bool aligned;

  __device__ Scalar column(std::int64_t c) const {
    const std::int64_t first = rows < 16 ? rows : 16;
    Scalar sum = 0;
    for (std::int64_t r = 0; r < first; ++r) sum += widened(x[r * channels + c]);
    const Scalar shift = sum / static_cast<Scalar>(first);
    return shift - shift == 0 ? shift : 0;  // infinity is the sums' to find
  }
  template <int n>
  __device__ void terms(const Scalar (&shifts)[n], std::int64_t r, std::int64_t c,
                        Two<Scalar> (&terms)[n]) const {
    Scalar values[n];
    load_for_sums(x + r * channels + c, values, aligned);
#pragma unroll
    for (int k = 0; k < n; ++k) {
      const Scalar d = values[k] - shifts[k];
      terms[k] = {d, d * d};
    }
  }
  __device__ void finish(std::int64_t c, double sum, double squares) const {
    const auto n = static_cast<double>(rows);
    const double off = sum / n, spread = squares / n - off * off;
    mean[c] = static_cast<Scalar>(static_cast<double>(column(c)) + off);
    variance[c] = static_cast<Scalar>(spread < 0 ? 0 : spread);  // rounding; NaN stays
  }
};

/// dbeta and dgamma; with relu of dz = y > 0 ? dy : 0, which is stored.
template <class T, bool relu>
struct ChannelGradientSums {
  using Scalar = Computed<T>;
  static constexpr int kTogether = kColumnsTogether<T>;
  const T *x, *dy;
  const Scalar *mean, *variance;
  Scalar *dgamma, *dbeta;
  std::int64_t channels;
  double epsilon;
  bool aligned;
  const T* y = nullptr;
  T* dz = nullptr;

  __device__ Scalar column(std::int64_t c) const { return mean[c]; }
  template <int n>
  __device__ void terms(const Scalar (&means)[n], std::int64_t r, std::int64_t c,
                        Two<Scalar> (&terms)[n]) const {
    Scalar values[n], sent[n];
    load_for_sums(x + r * channels + c, values, aligned);
    load_for_sums(dy + r * channels + c, sent, aligned);
    if constexpr (relu) {
      Scalar result[n];
      load_for_sums(y + r * channels + c, result, aligned);
#pragma unroll
      for (int k = 0; k < n; ++k) sent[k] = result[k] > 0 ? sent[k] : 0;
      store<n, false>(dz + r * channels + c, sent);
    }
#pragma unroll
    for (int k = 0; k < n; ++k) terms[k] = {sent[k], sent[k] * (values[k] - means[k])};
  }
  __device__ void finish(std::int64_t c, double sum, double dot) const {
    dbeta[c] = static_cast<Scalar>(sum);
    dgamma[c] = static_cast<Scalar>(dot / sqrt(static_cast<double>(variance[c]) + epsilon));
  }
};

/// y = gamma scale (x - mean) + beta; with relu max(. [+ residual], 0)
template <class T, bool relu>
struct ChannelNormalize {
  using Scalar = Computed<T>;
  static constexpr int kMost = kMostMapped<T>;
  const T* x;
  const Scalar *mean, *variance, *gamma, *beta;
  T* y;
  double epsilon;
  const T* residual = nullptr;

  struct Column {
    Scalar mean, scale, beta;
  };
  __device__ Column column(std::int64_t c) const {
    return {mean[c], (gamma != nullptr ? gamma[c] : 1) * scale_of(variance[c], epsilon),
            beta != nullptr ? beta[c] : 0};
  }
  template <int n>
  __device__ void apply(const Column (&columns)[n], std::int64_t i) const {
    Scalar v[n];
    load<n, true>(x + i * n, v);
#pragma unroll
    for (int k = 0; k < n; ++k)
      v[k] = (v[k] - columns[k].mean) * columns[k].scale + columns[k].beta;
    if constexpr (relu) {
      if (residual != nullptr) {
        Scalar added[n];
        load<n, true>(residual + i * n, added);
#pragma unroll
        for (int k = 0; k < n; ++k) v[k] = widened(narrowed<T>(v[k])) + added[k];
      }
#pragma unroll
      for (int k = 0; k < n; ++k) v[k] = v[k] < 0 ? 0 : v[k];  // NaN stays
    }
    store<n, true>(y + i * n, v);
  }
  template <int n>
  bool aligned() const {
    return is_aligned<Several<T, n>>(x) && is_aligned<Several<T, n>>(y) &&
           is_aligned<Several<T, n>>(residual);
  }
};

/// dx = gamma scale (dy - dbeta / rows - (x - mean) scale dgamma / rows)
template <class T>
struct ChannelInputGradient {
  using Scalar = Computed<T>;
  static constexpr int kMost = kMostMapped<T>;
  const T *x, *dy;
  const Scalar *mean, *variance, *gamma, *dgamma, *dbeta;
  T* dx;
  std::int64_t rows;
  double epsilon;

  struct Column {
    Scalar mean, scale, sum, dot;
  };
  __device__ Column column(std::int64_t c) const {
    const Scalar scale = scale_of(variance[c], epsilon), n = static_cast<Scalar>(rows);
    return {mean[c], (gamma != nullptr ? gamma[c] : 1) * scale, dbeta[c] / n,
            dgamma[c] / n * scale};
  }
  template <int n>
  __device__ void apply(const Column (&columns)[n], std::int64_t i) const {
    Scalar v[n], g[n];
    load<n, true>(x + i * n, v);
    load<n, true>(dy + i * n, g);
#pragma unroll
    for (int k = 0; k < n; ++k)
      g[k] = columns[k].scale * (g[k] - columns[k].sum - (v[k] - columns[k].mean) * columns[k].dot);
    store<n, true>(dx + i * n, g);
  }
  template <int n>
  bool aligned() const {
    return is_aligned<Several<T, n>>(x) && is_aligned<Several<T, n>>(dy) &&
           is_aligned<Several<T, n>>(dx);
  }
};

template <bool pieces, class Sums>
void sums_of(const Sums& sums, const BatchNormShape& s, const Stream& stream) {
  if constexpr (pieces) {
    column_pieces(sums, s.rows, s.channels, stream);
  } else {
    column_chains(sums, s.rows, s.channels, stream);
  }
}
template <bool pieces, class Map>
void map_by(const Map& map, const BatchNormShape& s, const Stream& stream) {
  if constexpr (pieces) {
    map_columns(map, s.rows, s.channels, stream);
  } else {
    map_elements(map, s.rows, s.channels, stream);
  }
}

}  // namespace keratin::kernels::cuda
