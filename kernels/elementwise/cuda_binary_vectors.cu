#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

__device__ __forceinline__ float4 load4(const float* x, std::int64_t i, bool repeated) {
  if (!repeated) return reinterpret_cast<const float4*>(x)[i];
  const float value = *x;
  return make_float4(value, value, value, value);
}

// Operands that step by one element, or stay at one number. In place: each thread reads before it
// writes, and only where it writes, but for a number, which no output is.
template <Binary op>
__global__ void __launch_bounds__(kThreads)
    binary_kernel(const float* a, const float* b, float* y, std::int64_t size, bool one_a,
                  bool one_b, bool aligned) {
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t vectors = aligned ? size / 4 : 0;
  for (std::int64_t i = first; i < vectors; i += step) {
    const float4 p = load4(a, i, one_a), q = load4(b, i, one_b);
    reinterpret_cast<float4*>(y)[i] =
        make_float4(element_of(op, p.x, q.x), element_of(op, p.y, q.y), element_of(op, p.z, q.z),
                    element_of(op, p.w, q.w));
  }
  for (std::int64_t i = vectors * 4 + first; i < size; i += step)
    y[i] = element_of(op, a[one_a ? 0 : i], b[one_b ? 0 : i]);
}

}  // namespace

bool binary_vectors_applies(const BinaryShape& s) {
  return s.rank == 1 && s.a[0] <= 1 && s.b[0] <= 1;
}

void binary_vectors(const float* a, const float* b, float* y, const BinaryShape& s,
                    const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  const bool one_a = s.a[0] == 0, one_b = s.b[0] == 0;
  const auto place = [](const float* p) { return reinterpret_cast<std::uintptr_t>(p); };
  const bool aligned = ((one_a ? 0 : place(a)) | (one_b ? 0 : place(b)) | place(y)) % 16 == 0;
  with_constant<Binary::sigmoid_cross_entropy>(s.op, [&]<Binary op>() {
    constexpr auto kernel = binary_kernel<op>;
    KERATIN_LAUNCH(kernel, blocks_for((size + 3) / 4, kThreads, 8192), kThreads, 0, stream, a, b, y,
                   size, one_a, one_b, aligned);
  });
}

}  // namespace keratin::kernels::cuda
