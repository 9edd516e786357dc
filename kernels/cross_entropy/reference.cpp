#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/cross_entropy/cross_entropy.h"

namespace keratin::kernels {

std::string CrossEntropyShape::text() const { return fmt::format("[{}, {}]", rows, classes); }

std::int64_t check_labels(const std::int32_t* labels, const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r) {
    if ((labels[r] < 0 || labels[r] >= s.classes) && labels[r] != s.ignore_class) return r;
  }
  return -1;
}

namespace cpu {
namespace {

template <class T>
double log_sum_exp(const T* x, std::int64_t n) {
  const double max = static_cast<double>(*std::max_element(x, x + n));
  double sum = 0;
  for (std::int64_t c = 0; c < n; ++c) sum += std::exp(static_cast<double>(x[c]) - max);
  return max + std::log(sum);
}

}  // namespace

template <class T>
void sparse_cross_entropy_reference(const T* x, const std::int32_t* labels, T* loss,
                                    const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes) {
    loss[r] = labels[r] == s.ignore_class
                  ? T(0)
                  : static_cast<T>(log_sum_exp(x, s.classes) - static_cast<double>(x[labels[r]]));
  }
}

template <class T>
void sparse_cross_entropy_gradient_reference(const T* x, const std::int32_t* labels, const T* dloss,
                                             T* dx, const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, dx += s.classes) {
    const double log_sum = log_sum_exp(x, s.classes);
    for (std::int64_t c = 0; c < s.classes; ++c) {
      const double p = std::exp(static_cast<double>(x[c]) - log_sum);
      const double g = static_cast<double>(dloss[r]) * (p - (c == labels[r] ? 1 : 0));
      dx[c] = labels[r] == s.ignore_class ? T(0) : static_cast<T>(g);
    }
  }
}

template <class T>
void cross_entropy_reference(const T* x, const T* t, T* loss, const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, t += s.classes) {
    const double log_sum = log_sum_exp(x, s.classes);
    double sum = 0;
    for (std::int64_t c = 0; c < s.classes; ++c) {
      if (t[c] != 0) sum += static_cast<double>(t[c]) * (log_sum - static_cast<double>(x[c]));
    }
    loss[r] = static_cast<T>(sum);
  }
}

template <class T>
void cross_entropy_gradient_reference(const T* x, const T* t, const T* dloss, T* dx,
                                      const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, t += s.classes, dx += s.classes) {
    const double log_sum = log_sum_exp(x, s.classes);
    double targets = 0;
    for (std::int64_t c = 0; c < s.classes; ++c) targets += static_cast<double>(t[c]);
    for (std::int64_t c = 0; c < s.classes; ++c) {
      const double p = std::exp(static_cast<double>(x[c]) - log_sum);
      dx[c] =
          static_cast<T>(static_cast<double>(dloss[r]) * (p * targets - static_cast<double>(t[c])));
    }
  }
}

#define KERATIN_INSTANTIATE(T)                                                                   \
  template void sparse_cross_entropy_reference(const T*, const std::int32_t*, T*,                \
                                               const CrossEntropyShape&);                        \
  template void sparse_cross_entropy_gradient_reference(const T*, const std::int32_t*, const T*, \
                                                        T*, const CrossEntropyShape&);           \
  template void cross_entropy_reference(const T*, const T*, T*, const CrossEntropyShape&);       \
  template void cross_entropy_gradient_reference(const T*, const T*, const T*, T*,               \
                                                 const CrossEntropyShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
