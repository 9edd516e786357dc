#include "kernels/softmax/row.cuh"
#include "kernels/softmax/softmax.h"

namespace keratin::kernels::cuda {
namespace {

template <int kGroup, bool kLog>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    softmax_kernel(const float* x, float* y, SoftmaxShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const float* const from = x + row * s.cols;
    float* const to = y + row * s.cols;
    const RowSums sums = row_sums<kGroup>(from, s.cols);
    const float scale = kLog ? logf(sums.sum) : 1 / sums.sum;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      const float shifted = from[c] - sums.max;
      to[c] = kLog ? shifted - scale : expf(shifted) * scale;
    }
  });
}

template <int kGroup, bool kLog>
__global__ void __launch_bounds__(Rows<kGroup>::kThreads)
    gradient_kernel(const float* y, const float* dy, float* dx, SoftmaxShape s) {
  Rows<kGroup>::each(s.rows, [&](std::int64_t row) {
    const std::int64_t at = row * s.cols;
    Chain<kGroup> terms = 0;
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup)
      terms += kLog ? dy[at + c] : y[at + c] * dy[at + c];
    const float sum = over_group<kGroup>(static_cast<float>(terms), Add{});
    for (std::int64_t c = Rows<kGroup>::place(); c < s.cols; c += kGroup) {
      const float result = y[at + c], g = dy[at + c];
      dx[at + c] = kLog ? g - expf(result) * sum : result * (g - sum);
    }
  });
}

template <int kGroup, bool kLog>
void forward(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = softmax_kernel<kGroup, kLog>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, x, y, s);
}
template <int kGroup, bool kLog>
void gradient(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
              const Stream& stream) {
  if (s.rows == 0) return;
  constexpr auto kernel = gradient_kernel<kGroup, kLog>;
  KERATIN_LAUNCH(kernel, Rows<kGroup>::blocks(s.rows), Rows<kGroup>::kThreads, 0, stream, y, dy, dx,
                 s);
}

}  // namespace

bool softmax_block_applies(const SoftmaxShape& s) { return s.cols >= kLongRow; }

void softmax_naive(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<1, false>(x, y, s, stream);
}
void softmax_warp(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<32, false>(x, y, s, stream);
}
void softmax_block(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<256, false>(x, y, s, stream);
}
void log_softmax_naive(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<1, true>(x, y, s, stream);
}
void log_softmax_warp(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<32, true>(x, y, s, stream);
}
void log_softmax_block(const float* x, float* y, const SoftmaxShape& s, const Stream& stream) {
  forward<256, true>(x, y, s, stream);
}
void softmax_gradient_naive(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                            const Stream& stream) {
  gradient<1, false>(y, dy, dx, s, stream);
}
void softmax_gradient_warp(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                           const Stream& stream) {
  gradient<32, false>(y, dy, dx, s, stream);
}
void softmax_gradient_block(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                            const Stream& stream) {
  gradient<256, false>(y, dy, dx, s, stream);
}
void log_softmax_gradient_naive(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                                const Stream& stream) {
  gradient<1, true>(y, dy, dx, s, stream);
}
void log_softmax_gradient_warp(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                               const Stream& stream) {
  gradient<32, true>(y, dy, dx, s, stream);
}
void log_softmax_gradient_block(const float* y, const float* dy, float* dx, const SoftmaxShape& s,
                                const Stream& stream) {
  gradient<256, true>(y, dy, dx, s, stream);
}

}  // namespace keratin::kernels::cuda
