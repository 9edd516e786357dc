#include "kernels/random/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// A draw an element.
template <class T>
__global__ void __launch_bounds__(kThreads) random_kernel(T* y, RandomShape s) {
  s.key = shifted(s.key);
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < s.size;
       i += step) {
    if (s.distribution != Distribution::uniform) {
      y[i] = normal_element<T>(s, i);
      continue;
    }
    const auto at = static_cast<std::uint64_t>(i);
    double u;
    if constexpr (std::is_same_v<T, float>) {
      const auto words = philox(s.key, at / 4);
      std::uint32_t word = words[0];
#pragma unroll
      for (unsigned k = 1; k < 4; ++k) word = at % 4 == k ? words[k] : word;
      u = static_cast<double>(unit_float(word));
    } else {
      const auto words = philox(s.key, at / 2);
      u = at % 2 == 0 ? unit_double(words[0], words[1]) : unit_double(words[2], words[3]);
    }
    y[i] = uniform_element<T>(u, s.low, s.high);
  }
}

}  // namespace

template <class T>
void random_naive(T* y, const RandomShape& s, const Stream& stream) {
  if (s.size == 0) return;
  constexpr auto kernel = random_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(s.size, kThreads), kThreads, 0, stream, y, s);
}
template void random_naive(float*, const RandomShape&, const Stream&);
template void random_naive(double*, const RandomShape&, const Stream&);

}  // namespace keratin::kernels::cuda
