#include <fmt/format.h>

#include <cmath>

#include "kernels/layer_normalization/bfloat16.h"
#include "kernels/reference.h"

namespace keratin::kernels {

std::string LayerNormShape::text() const { return fmt::format("[{}, {}]", rows, cols); }

namespace cpu {
namespace {

template <class T>
double weight(const T* gamma, std::int64_t c) {
  return gamma != nullptr ? number(gamma[c]) : 1;
}

}  // namespace

template <class T>
void layer_norm_reference(const T* x, const RowNumber<T>* gamma, const RowNumber<T>* beta, T* y,
                          RowNumber<T>* mean, RowNumber<T>* scale, const LayerNormShape& s) {
  const auto n = static_cast<double>(s.cols);
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    double sum = 0, squares = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) sum += number(x[c]);
    const double m = sum / n;
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double d = number(x[c]) - m;
      squares += d * d;
    }
    const double k = 1 / std::sqrt(squares / n + s.epsilon);
    for (std::int64_t c = 0; c < s.cols; ++c) {
      y[c] = stored<T>((number(x[c]) - m) * k * weight(gamma, c) +
                       (beta != nullptr ? number(beta[c]) : 0));
    }
    mean[r] = static_cast<RowNumber<T>>(m);
    scale[r] = static_cast<RowNumber<T>>(k);
  }
}

template <class T>
void layer_norm_gradient_reference(const T* x, const T* dy, const RowNumber<T>* gamma,
                                   const RowNumber<T>* mean, const RowNumber<T>* scale, T* dx,
                                   RowNumber<T>* dgamma, RowNumber<T>* dbeta,
                                   const LayerNormShape& s) {
  const auto xhat = [&](std::int64_t r, std::int64_t c) {
    return (number(x[r * s.cols + c]) - number(mean[r])) * number(scale[r]);
  };
  for (std::int64_t c = 0; c < s.cols; ++c) {
    double sum = 0, dot = 0;
    for (std::int64_t r = 0; r < s.rows; ++r) {
      sum += number(dy[r * s.cols + c]);
      dot += number(dy[r * s.cols + c]) * xhat(r, c);
    }
    dgamma[c] = static_cast<RowNumber<T>>(dot);
    dbeta[c] = static_cast<RowNumber<T>>(sum);
  }
  const auto n = static_cast<double>(s.cols);
  for (std::int64_t r = 0; r < s.rows; ++r) {
    double sum = 0, dot = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double g = number(dy[r * s.cols + c]) * weight(gamma, c);
      sum += g;
      dot += g * xhat(r, c);
    }
    for (std::int64_t c = 0; c < s.cols; ++c) {
      const double g = number(dy[r * s.cols + c]) * weight(gamma, c);
      dx[r * s.cols + c] = stored<T>(number(scale[r]) * (g - sum / n - xhat(r, c) * dot / n));
    }
  }
}

#define KERATIN_INSTANTIATE(T)                                                               \
  template void layer_norm_reference(const T*, const RowNumber<T>*, const RowNumber<T>*, T*, \
                                     RowNumber<T>*, RowNumber<T>*, const LayerNormShape&);   \
  template void layer_norm_gradient_reference(                                               \
      const T*, const T*, const RowNumber<T>*, const RowNumber<T>*, const RowNumber<T>*, T*, \
      RowNumber<T>*, RowNumber<T>*, const LayerNormShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(BFloat16)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
