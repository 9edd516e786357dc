#include "kernels/layer_normalization/parts.cuh"

namespace keratin::kernels::cuda {
namespace {

// Two sums of a row, for all threads of the group: terms(c) gives a column's.
template <int kGroup, class Terms>
__device__ __forceinline__ float2 over_row(std::int64_t cols, Terms terms) {
  Chain<kGroup> first = 0, second = 0;
#pragma unroll 4
  for (std::int64_t c = Rows<kGroup>::place(); c < cols; c += kGroup) {
    const float2 each = terms(c);
    first += each.x;
    second += each.y;
  }
  return make_float2(over_group<kGroup>(static_cast<float>(first), Add{}),
                     over_group<kGroup>(static_cast<float>(second), Add{}));
}

// The mean rounded to float is off by what the sum of the differences shows.
template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    layer_norm_kernel(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                      float* scale, LayerNormShape s) {
  const auto n = static_cast<float>(s.cols);
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.cols;
    float* const to = y + row * s.cols;
    const float m =
        over_row<kGroup>(s.cols, [&](std::int64_t c) { return make_float2(from[c], 0); }).x / n;
    const float2 sums = over_row<kGroup>(s.cols, [&](std::int64_t c) {
      const float d = from[c] - m;
      return make_float2(d, d * d);
    });
    const float off = sums.x / n, k = scale_of_row(off, sums.y / n, s.epsilon);
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      to[c] = (from[c] - m - off) * k * (gamma != nullptr ? gamma[c] : 1) +
              (beta != nullptr ? beta[c] : 0);
    }
    if (Rows<kGroup>::place() == 0) {
      mean[row] = m + off;
      scale[row] = k;
    }
  });
}

// dx; of a row in place each thread writes what it alone reads.
template <int kGroup>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    gradient_kernel(const float* x, const float* dy, const float* gamma, const float* mean,
                    const float* scale, float* dx, LayerNormShape s) {
  const auto n = static_cast<float>(s.cols);
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    const float m = mean[row], k = scale[row];
    const auto g = [&](std::int64_t c) { return dy[at + c] * (gamma != nullptr ? gamma[c] : 1); };
    const float2 sums = over_row<kGroup>(s.cols, [&](std::int64_t c) {
      const float term = g(c);
      return make_float2(term, term * ((x[at + c] - m) * k));
    });
    const float of_g = sums.x / n, of_dot = sums.y / n;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup)
      dx[at + c] = k * (g(c) - of_g - (x[at + c] - m) * k * of_dot);
  });
}

template <int kGroup>
void forward(const float* x, const float* gamma, const float* beta, float* y, float* mean,
             float* scale, const LayerNormShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = layer_norm_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, gamma,
                 beta, y, mean, scale, s);
}

template <int kGroup>
void gradient(const float* x, const float* dy, const float* gamma, const float* mean,
              const float* scale, float* dx, float* dgamma, float* dbeta, const LayerNormShape& s,
              const Stream& stream) {
  const ColumnGradients sums{x, dy, mean, scale, dgamma, dbeta, s.cols};
  if constexpr (kGroup == 1) {
    column_chains(sums, s.rows, s.cols, stream);
  } else {
    column_pieces(sums, s.rows, s.cols, stream);
  }
  if (s.rows == 0) return;
  constexpr auto kernel = gradient_kernel<kGroup>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, dy,
                 gamma, mean, scale, dx, s);
}

}  // namespace

bool layer_norm_block_applies(const LayerNormShape& s) { return s.cols >= kLongRow; }

void layer_norm_naive(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                      float* scale, const LayerNormShape& s, const Stream& stream) {
  forward<1>(x, gamma, beta, y, mean, scale, s, stream);
}
void layer_norm_warp(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* scale, const LayerNormShape& s, const Stream& stream) {
  forward<32>(x, gamma, beta, y, mean, scale, s, stream);
}
void layer_norm_block(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                      float* scale, const LayerNormShape& s, const Stream& stream) {
  forward<256>(x, gamma, beta, y, mean, scale, s, stream);
}
void layer_norm_gradient_naive(const float* x, const float* dy, const float* gamma,
                               const float* mean, const float* scale, float* dx, float* dgamma,
                               float* dbeta, const LayerNormShape& s, const Stream& stream) {
  gradient<1>(x, dy, gamma, mean, scale, dx, dgamma, dbeta, s, stream);
}
void layer_norm_gradient_warp(const float* x, const float* dy, const float* gamma,
                              const float* mean, const float* scale, float* dx, float* dgamma,
                              float* dbeta, const LayerNormShape& s, const Stream& stream) {
  gradient<32>(x, dy, gamma, mean, scale, dx, dgamma, dbeta, s, stream);
}
void layer_norm_gradient_block(const float* x, const float* dy, const float* gamma,
                               const float* mean, const float* scale, float* dx, float* dgamma,
                               float* dbeta, const LayerNormShape& s, const Stream& stream) {
  gradient<256>(x, dy, gamma, mean, scale, dx, dgamma, dbeta, s, stream);
}

}  // namespace keratin::kernels::cuda
