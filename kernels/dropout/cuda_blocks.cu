#include <cmath>

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"
#include "kernels/dropout/bfloat16.h"
#include "kernels/random/shifted.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// A draw for four elements. In place: each thread reads before it writes, and only what it writes.
template <class T>
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(const T* x, T* y, DropoutShape s, Computed<T> scale, std::uint32_t least,
                   bool aligned) {
  const PhiloxKey key = shifted(s.key);
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x, blocks = (s.size + 3) / 4;
  for (std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; block < blocks;
       block += step) {
    const auto words = philox(key, static_cast<std::uint64_t>(block));
    const std::int64_t left = s.size - 4 * block;
    if (aligned && left >= 4) {
      auto four = reinterpret_cast<const Several<T, 4>*>(x)[block];
#pragma unroll
      for (unsigned k = 0; k < 4; ++k)
        four.at[k] = (words[k] >> 8) >= least ? narrowed<T>(widened(four.at[k]) * scale) : T{};
      reinterpret_cast<Several<T, 4>*>(y)[block] = four;
    } else {
#pragma unroll
      for (unsigned k = 0; k < 4; ++k) {
        if (k >= left) continue;
        const std::int64_t i = 4 * block + k;
        y[i] = (words[k] >> 8) >= least ? narrowed<T>(widened(x[i]) * scale) : T{};
      }
    }
  }
}

}  // namespace

template <class T>
void dropout_blocks(const T* x, T* y, const DropoutShape& s, const Stream& stream) {
  if (s.size == 0) return;
  const auto scale = static_cast<Computed<T>>(s.rate < 1 ? 1 / (1 - s.rate) : 0);
  // unit_float(word) >= rate  <=>  word >> 8 >= rate 2^24, rounded up
  const auto least = static_cast<std::uint32_t>(std::ceil(s.rate * 0x1p24));
  const bool aligned = is_aligned<Several<T, 4>>(x) && is_aligned<Several<T, 4>>(y);
  constexpr auto kernel = dropout_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for((s.size + 3) / 4, kThreads, 8192), kThreads, 0, stream, x, y, s,
                 scale, least, aligned);
}
template void dropout_blocks(const float*, float*, const DropoutShape&, const Stream&);
template void dropout_blocks(const double*, double*, const DropoutShape&, const Stream&);
template void dropout_blocks(const BFloat16*, BFloat16*, const DropoutShape&, const Stream&);

}  // namespace keratin::kernels::cuda
