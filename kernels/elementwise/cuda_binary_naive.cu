#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element a thread; its place in a and b by divisions.
template <class T>
__global__ void __launch_bounds__(kThreads)
    binary_kernel(const T* a, const T* b, T* y, BinaryShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, at_a = 0, at_b = 0;
    for (int axis = s.rank; axis-- > 0;) {
      const std::int64_t index = rest % s.sizes[static_cast<std::size_t>(axis)];
      rest /= s.sizes[static_cast<std::size_t>(axis)];
      at_a += index * s.a[static_cast<std::size_t>(axis)];
      at_b += index * s.b[static_cast<std::size_t>(axis)];
    }
    y[i] = element_of(s.op, a[at_a], b[at_b]);
  }
}

}  // namespace

template <class T>
void binary_naive(const T* a, const T* b, T* y, const BinaryShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  constexpr auto kernel = binary_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, a, b, y, s, size);
}

#define KERATIN_INSTANTIATE(T) \
  template void binary_naive(const T*, const T*, T*, const BinaryShape&, const Stream&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
KERATIN_INSTANTIATE(std::uint8_t)
KERATIN_INSTANTIATE(std::int32_t)
KERATIN_INSTANTIATE(std::int64_t)
#undef KERATIN_INSTANTIATE

}  // namespace keratin::kernels::cuda
