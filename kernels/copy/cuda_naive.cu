#include "kernels/copy/copy.h"
#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element a thread, its places by divisions; neighbouring threads along the last axis.
template <class T>
__global__ void __launch_bounds__(kThreads)
    copy_kernel(const T* x, T* y, CopyShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, from = s.x_offset, to = s.y_offset;
    for (int k = s.rank; k-- > 0;) {
      const auto axis = static_cast<std::size_t>(k);
      const std::int64_t index = rest % s.sizes[axis];
      rest /= s.sizes[axis];
      from += index * s.x_strides[axis];
      to += index * s.y_strides[axis];
    }
    y[to] = x[from];
  }
}

template <class T>
void copy(const void* x, void* y, const CopyShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  constexpr auto kernel = copy_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, static_cast<const T*>(x),
                 static_cast<T*>(y), s, size);
}

void copy_any(const void* x, void* y, const CopyShape& s, const Stream& stream) {
  with_element_size(s.element_size, [&]<class T>(T) { copy<T>(x, y, s, stream); });
}

}  // namespace

void strided_copy_naive(const void* x, void* y, const CopyShape& s, const Stream& stream) {
  copy_any(x, y, s, stream);
}

void strided_copy_joined(const void* x, void* y, const CopyShape& s, const Stream& stream) {
  copy_any(x, y, s.collapsed(), stream);
}

}  // namespace keratin::kernels::cuda
