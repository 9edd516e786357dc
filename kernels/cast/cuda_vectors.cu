#include "kernels/cast/cast.h"
#include "kernels/cast/convert.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Four elements a thread, then those a grid further; the rest one by one.
template <class From, class To>
__global__ void __launch_bounds__(kThreads)
    cast_kernel(const From* x, To* y, std::int64_t size, bool aligned) {
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t vectors = aligned ? size / 4 : 0;
#pragma unroll 2
  for (std::int64_t i = first; i < vectors; i += step) {
    const auto from = reinterpret_cast<const Several<From, 4>*>(x)[i];
    Several<To, 4> to;
#pragma unroll
    for (int k = 0; k < 4; ++k) to.at[k] = cpu::convert<To>(from.at[k]);
    reinterpret_cast<Several<To, 4>*>(y)[i] = to;
  }
  for (std::int64_t i = vectors * 4 + first; i < size; i += step) y[i] = cpu::convert<To>(x[i]);
}

}  // namespace

template <class From, class To>
void cast_vectors(const From* x, To* y, const CastShape& s, const Stream& stream) {
  if (s.size == 0) return;
  const bool aligned = is_aligned<Several<From, 4>>(x) && is_aligned<Several<To, 4>>(y);
  constexpr auto kernel = cast_kernel<From, To>;
  KERATIN_LAUNCH(kernel, blocks_for((s.size + 3) / 4, kThreads, 8192), kThreads, 0, stream, x, y,
                 s.size, aligned);
}

#define KERATIN_INSTANTIATE(From, To) \
  template void cast_vectors(const From*, To*, const CastShape&, const Stream&);
KERATIN_FOR_EACH_CAST(KERATIN_INSTANTIATE)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
