#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

template <class From, class To>
__global__ void __launch_bounds__(kThreads) cast_kernel(const From* x, To* y, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    y[i] = cpu::convert<To>(x[i]);
}

}  // namespace

template <class From, class To>
void cast_naive(const From* x, To* y, const CastShape& s, const Stream& stream) {
  if (s.size == 0) return;
  constexpr auto kernel = cast_kernel<From, To>;
  KERATIN_LAUNCH(kernel, blocks_for(s.size, kThreads), kThreads, 0, stream, x, y, s.size);
}

#define KERATIN_INSTANTIATE(From, To) \
  template void cast_naive(const From*, To*, const CastShape&, const Stream&);
KERATIN_FOR_EACH_CAST(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
