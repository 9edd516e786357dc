#include <fmt/format.h>

#include <cmath>

#include "kernels/layer_normalization/layer_normalization.h"

namespace keratin::kernels {

std::string LayerNormShape::text() const { return fmt::format("[{}, {}]", rows, cols); }

namespace cpu {
namespace {

template <class T>
double weight(const T* gamma, std::int64_t c) {
  return gamma != nullptr ? static_cast<double>(gamma[c]) : 1;
}

}  // namespace

template <class T>
void layer_norm_reference(const T* x, const T* gamma, const T* beta, T* y, T* mean, T* scale,
                          const LayerNormShape& s) {
  const auto n = static_cast<double>(s.cols);
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    double sum = 0, squares = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) sum += static_cast<double>(x[c]);
    const double m = sum / n;
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double d = static_cast<double>(x[c]) - m;
      squares += d * d;
    }
    const double k = 1 / std::sqrt(squares / n + s.epsilon);
    for (std::int64_t c = 0; c < s.cols; ++c) {
      y[c] = static_cast<T>((static_cast<double>(x[c]) - m) * k * weight(gamma, c) +
                            (beta != nullptr ? static_cast<double>(beta[c]) : 0));
    }
    mean[r] = static_cast<T>(m);
    scale[r] = static_cast<T>(k);
  }
}

template <class T>
void layer_norm_gradient_reference(const T* x, const T* dy, const T* gamma, const T* mean,
                                   const T* scale, T* dx, T* dgamma, T* dbeta,
                                   const LayerNormShape& s) {
  const auto xhat = [&](std::int64_t r, std::int64_t c) {
    return (static_cast<double>(x[r * s.cols + c]) - static_cast<double>(mean[r])) *
           static_cast<double>(scale[r]);
  };
  for (std::int64_t c = 0; c < s.cols; ++c) {
    double sum = 0, dot = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      sum += static_cast<double>(dy[r * s.cols + c]);
      dot += static_cast<double>(dy[r * s.cols + c]) * xhat(r, c);
    }
    dgamma[c] = static_cast<T>(dot);
    dbeta[c] = static_cast<T>(sum);
  }
  const auto n = static_cast<double>(s.cols);
  for (std::int64_t r = 0; r < s.rows; ++r) {
    double sum = 0, dot = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double g = static_cast<double>(dy[r * s.cols + c]) * weight(gamma, c);
      sum += g;
      dot += g * xhat(r, c);
    }
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double g = static_cast<double>(dy[r * s.cols + c]) * weight(gamma, c);
      dx[r * s.cols + c] =
          static_cast<T>(static_cast<double>(scale[r]) * (g - sum / n - xhat(r, c) * dot / n));
    }
  }
}

#define KERATIN_INSTANTIATE(T)                                                                  \
  template void layer_norm_reference(const T*, const T*, const T*, T*, T*, T*,                  \
                                     const LayerNormShape&);                                    \
  template void layer_norm_gradient_reference(const T*, const T*, const T*, const T*, const T*, \
                                              T*, T*, T*, const LayerNormShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
