#include <fmt/format.h>

#include <cmath>

#include "kernels/batch_normalization/batch_normalization.h"

namespace keratin::kernels {

std::string BatchNormShape::text() const { return fmt::format("[{}, {}]", rows, channels); }

namespace cpu {

template <class T>
void batch_moments_reference(const T* x, T* mean, T* variance, const BatchNormShape& s) {
  for (std::int64_t c = 0; c < s.channels; ++c) {
    double sum = 0, squares = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) sum += static_cast<double>(x[r * s.channels + c]);
    const double m = sum / static_cast<double>(s.rows);
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const double d = static_cast<double>(x[r * s.channels + c]) - m;
      squares += d * d;
    }
    mean[c] = static_cast<T>(m);
    variance[c] = static_cast<T>(squares / static_cast<double>(s.rows));
  }
}

template <class T>
void batch_norm_reference(const T* x, const T* mean, const T* variance, const T* gamma,
                          const T* beta, T* y, const BatchNormShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      const std::int64_t i = r * s.channels + c;
      const double xhat = (static_cast<double>(x[i]) - static_cast<double>(mean[c])) /
                          std::sqrt(static_cast<double>(variance[c]) + s.epsilon);
      y[i] = static_cast<T>(xhat * (gamma != nullptr ? static_cast<double>(gamma[c]) : 1) +
                            (beta != nullptr ? static_cast<double>(beta[c]) : 0));
    }
  }
}

template <class T>
void batch_norm_gradient_reference(const T* x, const T* dy, const T* mean, const T* variance,
                                   const T* gamma, T* dx, T* dgamma, T* dbeta,
                                   const BatchNormShape& s) {
  for (std::int64_t c = 0; c < s.channels; ++c) {
    const double m = static_cast<double>(mean[c]),
                 scale = 1 / std::sqrt(static_cast<double>(variance[c]) + s.epsilon);
    double sum = 0, dot = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const std::int64_t i = r * s.channels + c;
      sum += static_cast<double>(dy[i]);
      dot += static_cast<double>(dy[i]) * (static_cast<double>(x[i]) - m) * scale;
    }
    const double g = gamma != nullptr ? static_cast<double>(gamma[c]) : 1,
                 n = static_cast<double>(s.rows);
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const std::int64_t i = r * s.channels + c;
      const double xhat = (static_cast<double>(x[i]) - m) * scale;
      dx[i] = static_cast<T>(g * scale * (static_cast<double>(dy[i]) - sum / n - xhat * dot / n));
    }
    dgamma[c] = static_cast<T>(dot);
    dbeta[c] = static_cast<T>(sum);
  }
}

#define KERATIN_INSTANTIATE(T)                                                                  \
  template void batch_moments_reference(const T*, T*, T*, const BatchNormShape&);               \
  template void batch_norm_reference(const T*, const T*, const T*, const T*, const T*, T*,      \
                                     const BatchNormShape&);                                    \
  template void batch_norm_gradient_reference(const T*, const T*, const T*, const T*, const T*, \
                                              T*, T*, T*, const BatchNormShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
