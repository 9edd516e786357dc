#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/softmax/row.cuh"

namespace keratin::kernels::cuda {
namespace {

// Of one row, max and ln sum exp(x - max) apart: the logarithm would be lost beside a huge max.
template <int kGroup, class T>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    sparse_kernel(const T* x, const std::int32_t* labels, T* loss, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const T* const from = x + row * s.classes;
    const RowSums<T> sums = row_sums<kGroup>(from, s.classes);
    const std::int32_t label = labels[row];
    if (Rows<kGroup>::place() == 0)
      loss[row] = label == s.ignore_class ? 0 : sums.max - from[label] + std::log(sums.sum);
  });
}

template <int kGroup, class T>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    sparse_gradient_kernel(const T* x, const std::int32_t* labels, const T* dloss, T* dx,
                           CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const T* const from = x + row * s.classes;
    T* const to = dx + row * s.classes;
    const RowSums<T> sums = row_sums<kGroup>(from, s.classes);
    const std::int32_t label = labels[row];
    const T g = s.row_gradient(dloss, row), scale = 1 / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup) {
      const T probability = std::exp(from[c] - sums.max) * scale;
      to[c] = label == s.ignore_class ? 0 : g * (c == label ? probability - 1 : probability);
    }
  });
}

template <int kGroup, class T>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    dense_kernel(const T* x, const T* t, T* loss, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const T *const from = x + row * s.classes, *const targets = t + row * s.classes;
    const RowSums<T> sums = row_sums<kGroup>(from, s.classes);
    const T log_sum = std::log(sums.sum);
    Chain<kGroup, T> sum = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup)
      if (targets[c] != 0) sum += targets[c] * (sums.max - from[c] + log_sum);
    const T all = over_group<kGroup>(static_cast<T>(sum), Add{});
    if (Rows<kGroup>::place() == 0) loss[row] = all;
  });
}

template <int kGroup, class T>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    dense_gradient_kernel(const T* x, const T* t, const T* dloss, T* dx, CrossEntropyShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const T *const from = x + row * s.classes, *const targets = t + row * s.classes;
    T* const to = dx + row * s.classes;
    const RowSums<T> sums = row_sums<kGroup>(from, s.classes);
    Chain<kGroup, T> sum = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup) sum += targets[c];
    const T total = over_group<kGroup>(static_cast<T>(sum), Add{});
    const T g = dloss[row], scale = total / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.classes; c += kGroup)
      to[c] = g * (std::exp(from[c] - sums.max) * scale - targets[c]);
  });
}

}  // namespace

bool cross_entropy_block_applies(const CrossEntropyShape& s) { return s.classes >= kLongRow; }

template <int kGroup, class T>
void sparse_cross_entropy_rows(const T* x, const std::int32_t* labels, T* loss,
                               const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = sparse_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, labels,
                 loss, s);
}
template <int kGroup, class T>
void sparse_cross_entropy_gradient_rows(const T* x, const std::int32_t* labels, const T* dloss,
                                        T* dx, const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = sparse_gradient_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, labels,
                 dloss, dx, s);
}
template <int kGroup, class T>
void cross_entropy_rows(const T* x, const T* t, T* loss, const CrossEntropyShape& s,
                        const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = dense_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, t,
                 loss, s);
}
template <int kGroup, class T>
void cross_entropy_gradient_rows(const T* x, const T* t, const T* dloss, T* dx,
                                 const CrossEntropyShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = dense_gradient_kernel<kGroup, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, t,
                 dloss, dx, s);
}

#define KERATIN_CROSS_ENTROPY_ROWS(group, T)                                                 \
  template void sparse_cross_entropy_rows<group>(const T*, const std::int32_t*, T*,          \
                                                 const CrossEntropyShape&, const Stream&);   \
  template void sparse_cross_entropy_gradient_rows<group>(                                   \
      const T*, const std::int32_t*, const T*, T*, const CrossEntropyShape&, const Stream&); \
  template void cross_entropy_rows<group>(const T*, const T*, T*, const CrossEntropyShape&,  \
                                          const Stream&);                                    \
  template void cross_entropy_gradient_rows<group>(const T*, const T*, const T*, T*,         \
                                                   const CrossEntropyShape&, const Stream&);
KERATIN_FOR_EACH_ROWS(KERATIN_CROSS_ENTROPY_ROWS)
#undef KERATIN_CROSS_ENTROPY_ROWS

}  // namespace keratin::kernels::cuda
