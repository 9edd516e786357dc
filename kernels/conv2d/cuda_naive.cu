#include "kernels/conv2d/pass.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element of the result a thread, neighbouring threads in neighbouring channels.
template <class Pass>
__global__ void __launch_bounds__(kThreads) conv2d_kernel(Pass pass, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x, n = pass.n();
  const std::int64_t groups = pass.s.groups;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const std::int64_t i = at / (n * groups), group = at / n % groups, j = at % n;
    const auto row = pass.row(i);
    float sum = 0;
    for (std::int64_t k = 0; k < pass.k(); ++k) sum += pass.a(row, k, group) * pass.b(k, j, group);
    pass.store(i, j, sum, group, 0);
  }
}

template <class Pass>
void launch(const Pass& pass, const Stream& stream) {
  const std::int64_t size = pass.m() * pass.n() * pass.s.groups;
  if (size == 0) return;
  constexpr auto kernel = conv2d_kernel<Pass>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, pass, size);
}

}  // namespace

void conv2d_naive(const float* x, const float* w, float* y, const Epilogue<float>& e,
                  const Conv2dShape& s, const Stream& stream) {
  launch(forward_pass(x, w, y, e, s), stream);
}
void conv2d_input_gradient_naive(const float* dy, const float* w, float* dx, const Conv2dShape& s,
                                 const Stream& stream) {
  launch(InputGradient{dy, w, dx, s}, stream);
}
void conv2d_weight_gradient_naive(const float* x, const float* dy, float* dw, const Conv2dShape& s,
                                  const Stream& stream) {
  launch(WeightGradient{x, dy, dw, s}, stream);
}

}  // namespace keratin::kernels::cuda
