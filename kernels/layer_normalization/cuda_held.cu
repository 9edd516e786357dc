#include "kernels/layer_normalization/parts.cuh"

namespace keratin::kernels::cuda {
namespace {

using Warps = Rows<32>;

template <int kEach, class X>
__global__ void __launch_bounds__(Warps::kThreads)
    layer_norm_kernel(const X* x, const Computed<X>* gamma, const Computed<X>* beta, X* y,
                      Computed<X>* mean, Computed<X>* scale, LayerNormShape s) {
  using T = Computed<X>;
  const auto n = static_cast<T>(s.cols);
  Warps::each(s.rows, [&](std::int64_t row) {
    const X* const from = x + row * s.cols;
    X* const to = y + row * s.cols;
    Held<32, kEach, T> d;
    d.load(s.cols, [&](std::int64_t c) { return widened(from[c]); });
    const T m = d.sum() / n;
#pragma unroll
    for (int k = 0; k < kEach; ++k) d.at[k] = Warps::place() + 32 * k < s.cols ? d.at[k] - m : 0;
    const T off = d.sum() / n, k_row = scale_of_row(off, d.dot(d) / n, s.epsilon);
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t c = Warps::place() + 32 * k;
      if (c >= s.cols) continue;
      to[c] = narrowed<X>((d.at[k] - off) * k_row * (gamma != nullptr ? gamma[c] : 1) +
                          (beta != nullptr ? beta[c] : 0));
    }
    if (Warps::place() == 0) {
      mean[row] = m + off;
      scale[row] = k_row;
    }
  });
}

template <int kEach, class X>
__global__ void __launch_bounds__(Warps::kThreads)
    gradient_kernel(const X* x, const X* dy, const Computed<X>* gamma, const Computed<X>* mean,
                    const Computed<X>* scale, X* dx, LayerNormShape s) {
  using T = Computed<X>;
  const auto n = static_cast<T>(s.cols);
  Warps::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    const T m = mean[row], k_row = scale[row];
    Held<32, kEach, T> g, xhat;
    g.load(s.cols,
           [&](std::int64_t c) { return widened(dy[at + c]) * (gamma != nullptr ? gamma[c] : 1); });
    xhat.load(s.cols, [&](std::int64_t c) { return (widened(x[at + c]) - m) * k_row; });
    const T of_g = g.sum() / n, of_dot = g.dot(xhat) / n;
#pragma unroll
    for (int k = 0; k < kEach; ++k) {
      const std::int64_t c = Warps::place() + 32 * k;
      if (c < s.cols) dx[at + c] = narrowed<X>(k_row * (g.at[k] - of_g - xhat.at[k] * of_dot));
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

template <class T>
void layer_norm_held(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                     RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s,
                     const Stream& stream) {
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kEach>() {
    constexpr auto kernel = layer_norm_kernel<kEach, T>;
    KERATIN_LAUNCH(kernel, Warps::blocks(s.rows), Warps::kThreads, 0, stream, x, gamma, beta, y,
                   mean, scale, s);
  });
}

template <class T>
void layer_norm_gradient_held(const T* x, const T* dy, const RowNumber<T>* gamma,
                              const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                              RowNumber<T>* dgamma, RowNumber<T>* dbeta, const LayerNormShape& s,
                              const Stream& stream) {
  column_pieces(ColumnGradients<T>{x, dy, mean, scale, dgamma, dbeta, s.cols}, s.rows, s.cols,
                stream);
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kEach>() {
    constexpr auto kernel = gradient_kernel<kEach, T>;
    KERATIN_LAUNCH(kernel, Warps::blocks(s.rows), Warps::kThreads, 0, stream, x, dy, gamma, mean,
                   scale, dx, s);
  });
}

#define KERATIN_LAYER_NORM_HELD(T)                                                           \
  template void layer_norm_held(const T*, const RowNumber<T>*, const RowNumber<T>*, T*,      \
                                RowNumber<T>*, RowNumber<T>*, const LayerNormShape&,         \
                                const Stream&);                                              \
  template void layer_norm_gradient_held(                                                    \
      const T*, const T*, const RowNumber<T>*, const RowNumber<T>*, const RowNumber<T>*, T*, \
      RowNumber<T>*, RowNumber<T>*, const LayerNormShape&, const Stream&);
KERATIN_LAYER_NORM_HELD(float)
KERATIN_LAYER_NORM_HELD(double)
KERATIN_LAYER_NORM_HELD(BFloat16)
#undef KERATIN_LAYER_NORM_HELD

}  // namespace keratin::kernels::cuda
