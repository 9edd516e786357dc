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

// Of one row: its largest score, the sum of exp(x - max) and the logarithm of that. Kept apart, as
// the logarithm would be lost beside a huge max.
template <class T>
struct Row {
  Row(const T* scores, std::int64_t n)
      : x(scores), max(static_cast<double>(*std::max_element(x, x + n))) {
    for (std::int64_t c = 0; c < n; ++c) sum += std::exp(static_cast<double>(x[c]) - max);
    log_sum = std::log(sum);
  }
  double loss(std::int64_t c) const { return max - static_cast<double>(x[c]) + log_sum; }
  double probability(std::int64_t c) const {
    return std::exp(static_cast<double>(x[c]) - max) / sum;
  }

  const T* x;
  double max, sum = 0, log_sum = 0;
};

}  // namespace

template <class T>
void sparse_cross_entropy_reference(const T* x, const std::int32_t* labels, T* loss,
                                    const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes) {
    loss[r] =
        labels[r] == s.ignore_class ? T(0) : static_cast<T>(Row<T>(x, s.classes).loss(labels[r]));
  }
}

template <class T>
void sparse_cross_entropy_total_reference(const T* x, const std::int32_t* labels, T* loss,
                                          const CrossEntropyShape& s) {
  double sum = 0;
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes)
    if (labels[r] != s.ignore_class) sum += Row<T>(x, s.classes).loss(labels[r]);
  loss[0] = static_cast<T>(sum * s.scale);
}

template <class T>
void sparse_cross_entropy_gradient_reference(const T* x, const std::int32_t* labels, const T* dloss,
                                             T* dx, const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, dx += s.classes) {
    const Row<T> row(x, s.classes);
    const auto mine = static_cast<double>(s.row_gradient(dloss, r));
    for (std::int64_t c = 0; c < s.classes; ++c) {
      const double g = mine * (row.probability(c) - (c == labels[r] ? 1 : 0));
      dx[c] = labels[r] == s.ignore_class ? T(0) : static_cast<T>(g);
    }
  }
}

template <class T>
void cross_entropy_reference(const T* x, const T* t, T* loss, const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, t += s.classes) {
    const Row<T> row(x, s.classes);
    double sum = 0;
    for (std::int64_t c = 0; c < s.classes; ++c) {
      if (t[c] != 0) sum += static_cast<double>(t[c]) * row.loss(c);
    }
    loss[r] = static_cast<T>(sum);
  }
}

template <class T>
void cross_entropy_gradient_reference(const T* x, const T* t, const T* dloss, T* dx,
                                      const CrossEntropyShape& s) {
  for (std::int64_t r = 0; r < s.rows; ++r, x += s.classes, t += s.classes, dx += s.classes) {
    const Row<T> row(x, s.classes);
    double targets = 0;
    for (std::int64_t c = 0; c < s.classes; ++c) targets += static_cast<double>(t[c]);
    for (std::int64_t c = 0; c < s.classes; ++c) {
      dx[c] = static_cast<T>(static_cast<double>(dloss[r]) *
                             (row.probability(c) * targets - static_cast<double>(t[c])));
    }
  }
}

#define KERATIN_INSTANTIATE(T)                                                                   \
  template void sparse_cross_entropy_reference(const T*, const std::int32_t*, T*,                \
                                               const CrossEntropyShape&);                        \
  template void sparse_cross_entropy_total_reference(const T*, const std::int32_t*, T*,          \
                                                     const CrossEntropyShape&);                  \
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
