#include "kernels/layer_normalization/parts.cuh"

namespace keratin::kernels::cuda {
namespace {

using Warps = Rows<32>;

// A row in the registers of a warp, kEach elements a lane; 0 beyond its end.
template <int kEach>
struct Held {
  float at[kEach];

  template <class F>
  __device__ __forceinline__ void load(std::int64_t cols, F element) {
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t c = Warps::place() + 32 * k;
      at[k] = c < cols ? element(c) : 0;
    }
  }
  __device__ __forceinline__ float sum() const {
    float all = 0;
#pragma unroll
    for (int k = 0; k < kEach; ++k) all += at[k];
    return over_group<32>(all, Add{});
  }
  __device__ __forceinline__ float dot(const Held& other) const {
    float all = 0;
#pragma unroll
    for (int k = 0; k < kEach; ++k) all += at[k] * other.at[k];
    return over_group<32>(all, Add{});
  }
};

template <int kEach>
__global__ void __launch_bounds__(Warps::kThreads)
    layer_norm_kernel(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                      float* scale, LayerNormShape s) {
  const auto n = static_cast<float>(s.cols);
  Warps::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.cols;
    float* const to = y + row * s.cols;
    Held<kEach> d;
    d.load(s.cols, [&](std::int64_t c) { return from[c]; });
    const float m = d.sum() / n;
#pragma unroll
    for (int k = 0; k < kEach; ++k) d.at[k] = Warps::place() + 32 * k < s.cols ? d.at[k] - m : 0;
    const float off = d.sum() / n, k_row = scale_of_row(off, d.dot(d) / n, s.epsilon);
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t c = Warps::place() + 32 * k;
      if (c >= s.cols) continue;
      to[c] = (d.at[k] - off) * k_row * (gamma != nullptr ? gamma[c] : 1) +
              (beta != nullptr ? beta[c] : 0);
    }
    if (Warps::place() == 0) {
      mean[row] = m + off;
      scale[row] = k_row;
    }
  });
}

template <int kEach>
__global__ void __launch_bounds__(Warps::kThreads)
    gradient_kernel(const float* x, const float* dy, const float* gamma, const float* mean,
                    const float* scale, float* dx, LayerNormShape s) {
  const auto n = static_cast<float>(s.cols);
  Warps::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    const float m = mean[row], k_row = scale[row];
    Held<kEach> g, xhat;
    g.load(s.cols, [&](std::int64_t c) { return dy[at + c] * (gamma != nullptr ? gamma[c] : 1); });
    xhat.load(s.cols, [&](std::int64_t c) { return (x[at + c] - m) * k_row; });
    const float of_g = g.sum() / n, of_dot = g.dot(xhat) / n;
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t c = Warps::place() + 32 * k;
      if (c < s.cols) dx[at + c] = k_row * (g.at[k] - of_g - xhat.at[k] * of_dot);
    }
  });
}

// Calls f with the least number of elements a lane that holds a row.
template <class F>
void with_width(std::int64_t cols, F f) {
  if (cols <= 128) return f.template operator()<4>();
  if (cols <= 256) return f.template operator()<8>();
  if (cols <= 512) return f.template operator()<16>();
  f.template operator()<32>();
}

}  // namespace

bool layer_norm_held_applies(const LayerNormShape& s) { return s.cols <= 1024; }

void layer_norm_held(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* scale, const LayerNormShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kEach>() {
    constexpr auto kernel = layer_norm_kernel<kEach>;
    KERATIN_LAUNCH(kernel, Warps::blocks(s.rows), Warps::kThreads, 0, stream, x, gamma, beta, y,
                   mean, scale, s);
  });
}

void layer_norm_gradient_held(const float* x, const float* dy, const float* gamma,
                              const float* mean, const float* scale, float* dx, float* dgamma,
                              float* dbeta, const LayerNormShape& s, const Stream& stream) {
  column_pieces(ColumnGradients{x, dy, mean, scale, dgamma, dbeta, s.cols}, s.rows, s.cols, stream);
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kEach>() {
    constexpr auto kernel = gradient_kernel<kEach>;
    KERATIN_LAUNCH(kernel, Warps::blocks(s.rows), Warps::kThreads, 0, stream, x, dy, gamma, mean,
                   scale, dx, s);
  });
}

}  // namespace keratin::kernels::cuda
