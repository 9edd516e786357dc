#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/dropout/bfloat16.h"
#include "kernels/random/shifted.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// A draw an element, of which it uses one word in four.
template <class T>
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(const T* x, T* y, DropoutShape s, Computed<T> scale) {
  const PhiloxKey key = shifted(s.key);
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < s.size;
       i += step) {
    const auto at = static_cast<std::uint64_t>(i);
    const auto words = philox(key, at / 4);
    std::uint32_t word = words[0];
#pragma unroll
    for (unsigned k = 1; k < 4; ++k) word = at % 4 == k ? words[k] : word;
    y[i] =
        static_cast<double>(unit_float(word)) >= s.rate ? narrowed<T>(widened(x[i]) * scale) : T{};
  }
}

}  // namespace

template <class T>
void dropout_naive(const T* x, T* y, const DropoutShape& s, const Stream& stream) {
  if (s.size == 0) return;
  const auto scale = static_cast<Computed<T>>(s.rate < 1 ? 1 / (1 - s.rate) : 0);
  constexpr auto kernel = dropout_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.size, kThreads), kThreads, 0, stream, x, y, s, scale);
}
template void dropout_naive(const float*, float*, const DropoutShape&, const Stream&);
template void dropout_naive(const double*, double*, const DropoutShape&, const Stream&);
template void dropout_naive(const BFloat16*, BFloat16*, const DropoutShape&, const Stream&);

}  // namespace keratin::kernels::cuda
