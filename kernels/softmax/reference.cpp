#include <fmt/format.h>

#include <cmath>

#include "kernels/softmax/softmax.h"

namespace keratin::kernels {

std::string SoftmaxShape::text() const { return fmt::format("[{}, {}]", rows, cols); }

namespace cpu {
namespace {

// ln sum exp(x) of one row, by its largest element.
template <class T>
double log_sum_exp(const T* x, std::int64_t n) {
  double max = static_cast<double>(x[0]), sum = 0;
  for (std::int64_t c = 1; c < n; ++c)
    max = static_cast<double>(x[c]) > max ? static_cast<double>(x[c]) : max;
  for (std::int64_t c = 0; c < n; ++c) sum += std::exp(static_cast<double>(x[c]) - max);
  return max + std::log(sum);
}

}  // namespace

template <class T>
void softmax_reference(const T* x, T* y, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    const double log_sum = log_sum_exp(x, s.cols);
    for (std::int64_t c = 0; c < s.cols; ++c)
      y[c] = static_cast<T>(std::exp(static_cast<double>(x[c]) - log_sum));
  }
}

template <class T>
void log_softmax_reference(const T* x, T* y, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    const double log_sum = log_sum_exp(x, s.cols);
    for (std::int64_t c = 0; c < s.cols; ++c)
      y[c] = static_cast<T>(static_cast<double>(x[c]) - log_sum);
  }
}

template <class T>
void softmax_gradient_reference(const T* y, const T* dy, T* dx, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, y += s.cols, dy += s.cols, dx += s.cols) {
    double dot = 0;
    for (std::int64_t c = 0; c < s.cols; ++c)
      dot += static_cast<double>(y[c]) * static_cast<double>(dy[c]);
    for (std::int64_t c = 0; c < s.cols; ++c) {
      dx[c] = static_cast<T>(static_cast<double>(y[c]) * (static_cast<double>(dy[c]) - dot));
    }
  }
}

template <class T>
void log_softmax_gradient_reference(const T* y, const T* dy, T* dx, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, y += s.cols, dy += s.cols, dx += s.cols) {
    double sum = 0;
    for (std::int64_t c = 0; c < s.cols; ++c) sum += static_cast<double>(dy[c]);
    for (std::int64_t c = 0; c < s.cols; ++c) {
      dx[c] =
          static_cast<T>(static_cast<double>(dy[c]) - std::exp(static_cast<double>(y[c])) * sum);
    }
  }
}

#define KERATIN_INSTANTIATE(T)                                                           \
  template void softmax_reference(const T*, T*, const SoftmaxShape&);                    \
  template void log_softmax_reference(const T*, T*, const SoftmaxShape&);                \
  template void softmax_gradient_reference(const T*, const T*, T*, const SoftmaxShape&); \
  template void log_softmax_gradient_reference(const T*, const T*, T*, const SoftmaxShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
