#include "kernels/softmax/row.cuh"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels::cuda {
namespace {

template <int kGroup, bool kLog, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    softmax_kernel(const X* x, X* y, SoftmaxShape s) {
  using T = Computed<X>;
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const X* const from = x + row * s.cols;
    X* const to = y + row * s.cols;
    const RowSums<T> sums = row_sums<kGroup>(from, s.cols);
    const T scale = kLog ? std::log(sums.sum) : 1 / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      const T shifted = widened(from[c]) - sums.max;
      to[c] = narrowed<X>(kLog ? shifted - scale : std::exp(shifted) * scale);
    }
  });
}

template <int kGroup, bool kLog, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    gradient_kernel(const X* y, const X* dy, X* dx, SoftmaxShape s) {
  using T = Computed<X>;
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    Chain<kGroup, T> terms = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup)
      terms += kLog ? widened(dy[at + c]) : widened(y[at + c]) * widened(dy[at + c]);
    const T sum = over_group<kGroup>(static_cast<T>(terms), Add{});
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      const T result = widened(y[at + c]), g = widened(dy[at + c]);
      dx[at + c] = narrowed<X>(kLog ? g - std::exp(result) * sum : result * (g - sum));
    }
  });
}

template <int kGroup, bool kLog, class T>
void forward(const T* x, T* y, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = softmax_kernel<kGroup, kLog, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, y, s);
}
template <int kGroup, bool kLog, class T>
void gradient(const T* y, const T* dy, T* dx, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = gradient_kernel<kGroup, kLog, T>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, y, dy, dx,
                 s);
}

}  // namespace

bool softmax_block_applies(const SoftmaxShape& s) { return s.cols >= kLongRow; }

template <int kGroup, class T>
void softmax_rows(const T* x, T* y, const SoftmaxShape& s, const Stream& stream) {
  forward<kGroup, false>(x, y, s, stream);
}
template <int kGroup, class T>
void log_softmax_rows(const T* x, T* y, const SoftmaxShape& s, const Stream& stream) {
  forward<kGroup, true>(x, y, s, stream);
}
template <int kGroup, class T>
void softmax_gradient_rows(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                           const Stream& stream) {
  gradient<kGroup, false>(y, dy, dx, s, stream);
}
template <int kGroup, class T>
void log_softmax_gradient_rows(const T* y, const T* dy, T* dx, const SoftmaxShape& s,
                               const Stream& stream) {
  gradient<kGroup, true>(y, dy, dx, s, stream);
}

#define KERATIN_SOFTMAX_ROWS(group, T)                                                        \
  template void softmax_rows<group>(const T*, T*, const SoftmaxShape&, const Stream&);        \
  template void log_softmax_rows<group>(const T*, T*, const SoftmaxShape&, const Stream&);    \
  template void softmax_gradient_rows<group>(const T*, const T*, T*, const SoftmaxShape&,     \
                                             const Stream&);                                  \
  template void log_softmax_gradient_rows<group>(const T*, const T*, T*, const SoftmaxShape&, \
                                                 const Stream&);
KERATIN_FOR_EACH_ROWS(KERATIN_SOFTMAX_ROWS)
KERATIN_SOFTMAX_ROWS(1, BFloat16)
KERATIN_SOFTMAX_ROWS(32, BFloat16)
KERATIN_SOFTMAX_ROWS(256, BFloat16)
#undef KERATIN_SOFTMAX_ROWS

}  // namespace keratin::kernels::cuda
