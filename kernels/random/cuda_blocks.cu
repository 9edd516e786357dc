#include "kernels/cuda/several.cuh"
#include "kernels/random/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Uniform numbers: all words of a draw, 16 bytes at once.
template <class T>
__global__ void __launch_bounds__(kThreads) random_kernel(T* y, RandomShape s, bool aligned) {
  constexpr int kEach = std::is_same_v<T, float> ? 4 : 2;  // elements of a draw
  s.key = shifted(s.key);
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t blocks = (s.size + kEach - 1) / kEach;
  for (std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; block < blocks;
       block += step) {
    const auto words = philox(s.key, static_cast<std::uint64_t>(block));
    Several<T, kEach> values;
#pragma unroll
    for (unsigned k = 0; k < kEach; ++k) {
      double u;
      if constexpr (kEach == 4) {
        u = static_cast<double>(unit_float(words[k]));
      } else {
        u = unit_double(words[2 * k], words[2 * k + 1]);
      }
      values.at[k] = uniform_element<T>(u, s.low, s.high);
    }
    const std::int64_t left = s.size - kEach * block;
    if (aligned && left >= kEach) {
      reinterpret_cast<Several<T, kEach>*>(y)[block] = values;
    } else {
#pragma unroll
      for (int k = 0; k < kEach; ++k)
        if (k < left) y[kEach * block + k] = values.at[k];
    }
  }
}

}  // namespace

bool random_blocks_applies(const RandomShape& s) { return s.distribution == Distribution::uniform; }

template <class T>
void random_blocks(T* y, const RandomShape& s, const Stream& stream) {
  if (s.size == 0) return;
  const std::int64_t each = 16 / std::int64_t{sizeof(T)};
  constexpr auto kernel = random_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for((s.size + each - 1) / each, kThreads, 8192), kThreads, 0,
                 stream, y, s, (is_aligned<Several<float, 4>>(y)));
}
template void random_blocks(float*, const RandomShape&, const Stream&);
template void random_blocks(double*, const RandomShape&, const Stream&);

}  // namespace keratin::kernels::cuda
