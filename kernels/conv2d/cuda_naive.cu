#include "kernels/conv2d/pass.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element of the result a thread, neighbouring threads in neighbouring channels.
template <class Pass>
__global__ void __launch_bounds__(kThreads) conv2d_kernel(Pass pass, std::int64_t size) {
  using T = typename Pass::Scalar;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x, n = pass.n();
  const std::int64_t groups = pass.s.groups;
  for (std::int64_t at = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; at < size;
       at += step) {
    const std::int64_t i = at / (n * groups), group = at / n % groups, j = at % n;
    const auto row = pass.row(i);
    T sum = 0;
    for (std::int64_t k = 0; k < pass.k(); ++k)
      sum += pass.a(row, pass.depth(k), group) * pass.b(k, j, group);
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

template <class T>
void conv2d_naive(const T* x, const T* w, T* y, const Epilogue<T>& e, const Conv2dShape& s,
                  const Stream& stream) {
  launch(forward_pass<std::int64_t>(x, w, y, e, s), stream);
}
template <class T>
void conv2d_input_gradient_naive(const T* dy, const T* w, T* dx, const Conv2dShape& s,
                                 const Stream& stream) {
  launch(input_gradient_pass<std::int64_t>(dy, w, dx, s), stream);
}
template <class T>
void conv2d_weight_gradient_naive(const T* x, const T* dy, T* dw, const Conv2dShape& s,
                                  const Stream& stream) {
  launch(weight_gradient_pass<std::int64_t>(x, dy, dw, s), stream);
}

#define KERATIN_CONV2D_NAIVE(T)                                                              \
  template void conv2d_naive(const T*, const T*, T*, const Epilogue<T>&, const Conv2dShape&, \
                             const Stream&);                                                 \
  template void conv2d_input_gradient_naive(const T*, const T*, T*, const Conv2dShape&,      \
                                            const Stream&);                                  \
  template void conv2d_weight_gradient_naive(const T*, const T*, T*, const Conv2dShape&,     \
                                             const Stream&);
KERATIN_CONV2D_NAIVE(float)
KERATIN_CONV2D_NAIVE(double)
#undef KERATIN_CONV2D_NAIVE

}  // namespace keratin::kernels::cuda
