#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element a thread, then the one a grid further.
template <class T>
__global__ void __launch_bounds__(kThreads)
    unary_kernel(const T* x, T* y, Unary op, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    y[i] = element_of(op, x[i]);
}

}  // namespace

template <class T>
void unary_naive(const T* x, T* y, const UnaryShape& s, const Stream& stream) {
  if (s.size == 0) return;
  constexpr auto kernel = unary_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.size, kThreads), kThreads, 0, stream, x, y, s.op, s.size);
}
template void unary_naive(const float*, float*, const UnaryShape&, const Stream&);
template void unary_naive(const double*, double*, const UnaryShape&, const Stream&);
template void unary_naive(const std::uint8_t*, std::uint8_t*, const UnaryShape&, const Stream&);
template void unary_naive(const std::int32_t*, std::int32_t*, const UnaryShape&, const Stream&);
template void unary_naive(const std::int64_t*, std::int64_t*, const UnaryShape&, const Stream&);

}  // namespace keratin::kernels::cuda
