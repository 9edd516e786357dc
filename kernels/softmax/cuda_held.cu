#include "kernels/softmax/row.cuh"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels::cuda {
namespace {

// Each element is read once: a row stays in the registers of its warp or its block.
template <int kGroup, int kEach, bool kLog, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    softmax_kernel(const X* x, X* y, SoftmaxShape s) {
  using Row = Held<kGroup, kEach, float>;
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const X* const from = x + row * s.cols;
    X* const to = y + row * s.cols;
    Row r;
    r.load(
        s.cols, [&](std::int64_t c) { return widened(from[c]); }, -INFINITY);
    const float max = r.over(Larger{});
    float sum = 0;
    Row::each([&](int k, std::int64_t c) {
      r.at[k] -= max;
      if (c >= s.cols) return;
      const float power = std::exp(r.at[k]);
      sum += power;
      if constexpr (!kLog) r.at[k] = power;
    });
    sum = over_group<kGroup>(sum, Add{});
    const float scale = kLog ? std::log(sum) : 1 / sum;
    Row::each([&](int k, std::int64_t c) {
      if (c < s.cols) to[c] = narrowed<X>(kLog ? r.at[k] - scale : r.at[k] * scale);
    });
  });
}

template <int kGroup, int kEach, bool kLog, class X>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    gradient_kernel(const X* y, const X* dy, X* dx, SoftmaxShape s) {
  using Row = Held<kGroup, kEach, float>;
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    Row result, g;
    result.load(s.cols, [&](std::int64_t c) { return widened(y[at + c]); });
    g.load(s.cols, [&](std::int64_t c) { return widened(dy[at + c]); });
    const float sum = kLog ? g.sum() : g.dot(result);
    Row::each([&](int k, std::int64_t c) {
      if (c >= s.cols) return;
      dx[at + c] = narrowed<X>(kLog ? g.at[k] - std::exp(result.at[k]) * sum
                                    : result.at[k] * (g.at[k] - sum));
    });
  });
}

// Calls f with the least group and number of elements a thread that hold a row.
template <class F>
void with_width(std::int64_t cols, F f) {
  if (cols <= 128) return f.template operator()<32, 4>();
  if (cols <= 512) return f.template operator()<32, 16>();
  if (cols <= 1024) return f.template operator()<32, 32>();
  if (cols <= 4096) return f.template operator()<256, 16>();
  f.template operator()<256, 32>();
}

template <bool kLog, class X>
void forward(const X* x, X* y, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kGroup, int kEach>() {
    constexpr auto kernel = softmax_kernel<kGroup, kEach, kLog, X>;
    KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, y,
                   s);
  });
}
template <bool kLog, class X>
void gradient(const X* y, const X* dy, X* dx, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  with_width(s.cols, [&]<int kGroup, int kEach>() {
    constexpr auto kernel = gradient_kernel<kGroup, kEach, kLog, X>;
    KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, y, dy,
                   dx, s);
  });
}

}  // namespace

bool softmax_held_applies(const SoftmaxShape& s) { return s.cols <= 8192; }

template <class X>
void softmax_held(const X* x, X* y, const SoftmaxShape& s, const Stream& stream) {
  forward<false>(x, y, s, stream);
}
template <class X>
void log_softmax_held(const X* x, X* y, const SoftmaxShape& s, const Stream& stream) {
  forward<true>(x, y, s, stream);
}
template <class X>
void softmax_gradient_held(const X* y, const X* dy, X* dx, const SoftmaxShape& s,
                           const Stream& stream) {
  gradient<false>(y, dy, dx, s, stream);
}
template <class X>
void log_softmax_gradient_held(const X* y, const X* dy, X* dx, const SoftmaxShape& s,
                               const Stream& stream) {
  gradient<true>(y, dy, dx, s, stream);
}

#define KERATIN_SOFTMAX_HELD(X)                                                                    \
  template void softmax_held(const X*, X*, const SoftmaxShape&, const Stream&);                    \
  template void log_softmax_held(const X*, X*, const SoftmaxShape&, const Stream&);                \
  template void softmax_gradient_held(const X*, const X*, X*, const SoftmaxShape&, const Stream&); \
  template void log_softmax_gradient_held(const X*, const X*, X*, const SoftmaxShape&,             \
                                          const Stream&);
KERATIN_SOFTMAX_HELD(float)
KERATIN_SOFTMAX_HELD(BFloat16)
#undef KERATIN_SOFTMAX_HELD

}  // namespace keratin::kernels::cuda
