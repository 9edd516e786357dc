#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/batch_normalization/relu.h"
#include "kernels/reference.h"

namespace keratin::kernels {

std::string BatchNormShape::text() const { return fmt::format("[{}, {}]", rows, channels); }
std::string BatchNormReluShape::text() const {
  return BatchNormShape::text() + (residual ? " + residual" : "");
}

namespace cpu {
template <class T>
void batch_moments_reference(const T* x, ChannelNumber<T>* mean, ChannelNumber<T>* variance,
                             const BatchNormShape& s) {
  for (std::int64_t c = 0; c < s.channels; ++c) {
    double sum = 0, squares = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) sum += number(x[r * s.channels + c]);
    const double m = sum / static_cast<double>(s.rows);
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const double d = number(x[r * s.channels + c]) - m;
      squares += d * d;
    }
    mean[c] = static_cast<ChannelNumber<T>>(m);
    variance[c] = static_cast<ChannelNumber<T>>(squares / static_cast<double>(s.rows));
  }
}

template <class T>
void batch_norm_reference(const T* x, const ChannelNumber<T>* mean,
                          const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                          const ChannelNumber<T>* beta, T* y, const BatchNormShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      const std::int64_t i = r * s.channels + c;
      const double xhat =
          (number(x[i]) - number(mean[c])) / std::sqrt(number(variance[c]) + s.epsilon);
      y[i] = stored<T>(xhat * (gamma != nullptr ? number(gamma[c]) : 1) +
                       (beta != nullptr ? number(beta[c]) : 0));
    }
  }
}

template <class T>
void batch_norm_gradient_reference(const T* x, const T* dy, const ChannelNumber<T>* mean,
                                   const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                                   T* dx, ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                   const BatchNormShape& s) {
  for (std::int64_t c = 0; c < s.channels; ++c) {
    const double m = number(mean[c]), scale = 1 / std::sqrt(number(variance[c]) + s.epsilon);
    double sum = 0, dot = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const std::int64_t i = r * s.channels + c;
      sum += number(dy[i]);
      dot += number(dy[i]) * (number(x[i]) - m) * scale;
    }
    const double g = gamma != nullptr ? number(gamma[c]) : 1, n = static_cast<double>(s.rows);
    for (std::int64_t r = 0; r < s.rows; ++r) {
      const std::int64_t i = r * s.channels + c;
      const double xhat = (number(x[i]) - m) * scale;
      dx[i] = stored<T>(g * scale * (number(dy[i]) - sum / n - xhat * dot / n));
    }
    dgamma[c] = static_cast<ChannelNumber<T>>(dot);
    dbeta[c] = static_cast<ChannelNumber<T>>(sum);
  }
}

template <class T>
void batch_norm_relu_reference(const T* x, const ChannelNumber<T>* mean,
                               const ChannelNumber<T>* variance, const ChannelNumber<T>* gamma,
                               const ChannelNumber<T>* beta, const T* residual, T* y,
                               const BatchNormReluShape& s) {
  std::vector<T> all(static_cast<std::size_t>(s.rows * s.channels));
  batch_norm_reference(x, mean, variance, gamma, beta, all.data(), s);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const T z = s.residual ? stored<T>(number(all[i]) + number(residual[i])) : all[i];
    y[i] = number(z) < 0 ? stored<T>(0) : z;  // NaN stays
  }
}

template <class T>
void batch_norm_relu_gradient_reference(const T* x, const T* dy, const T* y,
                                        const ChannelNumber<T>* mean,
                                        const ChannelNumber<T>* variance,
                                        const ChannelNumber<T>* gamma, T* dx, T* dz,
                                        ChannelNumber<T>* dgamma, ChannelNumber<T>* dbeta,
                                        const BatchNormReluShape& s) {
  std::vector<T> all(static_cast<std::size_t>(s.rows * s.channels));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = number(y[i]) > 0 ? dy[i] : stored<T>(0);
  if (s.residual) std::copy(all.begin(), all.end(), dz);
  batch_norm_gradient_reference(x, all.data(), mean, variance, gamma, dx, dgamma, dbeta, s);
}

#define KERATIN_INSTANTIATE(T)                                                                   \
  template void batch_moments_reference(const T*, ChannelNumber<T>*, ChannelNumber<T>*,          \
                                        const BatchNormShape&);                                  \
  template void batch_norm_reference(const T*, const ChannelNumber<T>*, const ChannelNumber<T>*, \
                                     const ChannelNumber<T>*, const ChannelNumber<T>*, T*,       \
                                     const BatchNormShape&);                                     \
  template void batch_norm_gradient_reference(                                                   \
      const T*, const T*, const ChannelNumber<T>*, const ChannelNumber<T>*,                      \
      const ChannelNumber<T>*, T*, ChannelNumber<T>*, ChannelNumber<T>*, const BatchNormShape&); \
  template void batch_norm_relu_reference(                                                       \
      const T*, const ChannelNumber<T>*, const ChannelNumber<T>*, const ChannelNumber<T>*,       \
      const ChannelNumber<T>*, const T*, T*, const BatchNormReluShape&);                         \
  template void batch_norm_relu_gradient_reference(                                              \
      const T*, const T*, const T*, const ChannelNumber<T>*, const ChannelNumber<T>*,            \
      const ChannelNumber<T>*, T*, T*, ChannelNumber<T>*, ChannelNumber<T>*,                     \
      const BatchNormReluShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(BFloat16)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
