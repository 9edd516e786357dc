#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Four elements a load where both arrays lie at multiples of 16 bytes; the last few one by one.
template <Unary op>
__global__ void __launch_bounds__(kThreads)
    unary_kernel(const float* x, float* y, std::int64_t size, bool aligned) {
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t vectors = aligned ? size / 4 : 0;
  for (std::int64_t i = first; i < vectors; i += step) {
    float4 v = reinterpret_cast<const float4*>(x)[i];
    v.x = element_of(op, v.x);
    v.y = element_of(op, v.y);
    v.z = element_of(op, v.z);
    v.w = element_of(op, v.w);
    reinterpret_cast<float4*>(y)[i] = v;
  }
  for (std::int64_t i = vectors * 4 + first; i < size; i += step) y[i] = element_of(op, x[i]);
}

}  // namespace

void unary_vectors(const float* x, float* y, const UnaryShape& s, const Stream& stream) {
  if (s.size == 0) return;
  const bool aligned =
      (reinterpret_cast<std::uintptr_t>(x) | reinterpret_cast<std::uintptr_t>(y)) % 16 == 0;
  with_constant<Unary::round>(s.op, [&]<Unary op>() {
    constexpr auto kernel = unary_kernel<op>;
    KERATIN_LAUNCH(kernel, blocks_for((s.size + 3) / 4, kThreads, 8192), kThreads, 0, stream, x, y,
                   s.size, aligned);
  });
}

}  // namespace keratin::kernels::cuda
