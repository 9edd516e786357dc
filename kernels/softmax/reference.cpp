#include <fmt/format.h>

#include <cmath>

#include "kernels/softmax/softmax.h"

namespace keratin::kernels {

std::string SoftmaxShape::text() const { return fmt::format("[{}, {}]", rows, cols); }

namespace cpu {
namespace {

// Of one row: its largest element, and the sum of exp(x - max).
struct Row {
  double max, sum;
};
template <class T>
Row look_at(const T* x, std::int64_t n) {
  Row row{static_cast<double>(x[0]), 0};
  for (std::int64_t c = 1; c < n; ++c)
    row.max = static_cast<double>(x[c]) > row.max ? static_cast<double>(x[c]) : row.max;
  for (std::int64_t c = 0; c < n; ++c) row.sum += std::exp(static_cast<double>(x[c]) - row.max);
  return row;
}

}  // namespace

template <class T>
void softmax_reference(const T* x, T* y, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    const Row row = look_at(x, s.cols);
    for (std::int64_t c = 0; c < s.cols; ++c)
      y[c] = static_cast<T>(std::exp(static_cast<double>(x[c]) - row.max) / row.sum);
  }
}

template <class T>
void log_softmax_reference(const T* x, T* y, const SoftmaxShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.cols, y += s.cols) {
    const Row row = look_at(x, s.cols);
    const double log_sum = std::log(row.sum);  // joined to a huge max it would be lost
    for (std::int64_t c = 0; c < s.cols; ++c)
      y[c] = static_cast<T>(static_cast<double>(x[c]) - row.max - log_sum);
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
