#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element a thread, then the one a grid further.
__global__ void __launch_bounds__(kThreads)
    unary_kernel(const float* x, float* y, Unary op, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    y[i] = element_of(op, x[i]);
}

}  // namespace

void unary_naive(const float* x, float* y, const UnaryShape& s, const Stream& stream) {
  if (s.size == 0) return;
  KERATIN_LAUNCH(unary_kernel, blocks_for(s.size, kThreads), kThreads, 0, stream, x, y, s.op,
                 s.size);
}

}  // namespace keratin::kernels::cuda
