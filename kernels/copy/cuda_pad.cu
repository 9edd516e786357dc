#include <cstring>

#include "kernels/copy/copy.h"
#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element of y a thread: of x if its place is in there, by divisions.
template <class T>
__global__ void __launch_bounds__(kThreads)
    pad_kernel(const T* x, T* y, T value, PadShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, from = 0, stride = 1;
    bool inside = true;
    for (int k = s.rank; k-- > 0;) {
      const auto axis = static_cast<std::size_t>(k);
      const std::int64_t whole = s.before[axis] + s.sizes[axis] + s.after[axis];
      const std::int64_t index = rest % whole - s.before[axis];
      rest /= whole;
      inside = inside && index >= 0 && index < s.sizes[axis];
      from += index * stride;
      stride *= s.sizes[axis];
    }
    y[i] = inside ? x[from] : value;
  }
}

// One element of y a thread, next to those of its neighbours.
template <class T, class I>
__global__ void __launch_bounds__(kThreads)
    one_hot_kernel(const I* index, T* y, T one, OneHotShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    y[i] = index[i / s.depth] == i % s.depth ? one : T(0);
}

// Calls f with the element at `value`, in a type of its size.
template <class F>
void with_element(int bytes, const void* value, F f) {
  with_element_size(bytes, [&]<class T>(T element) {
    std::memcpy(&element, value, sizeof(T));
    f(element);
  });
}

}  // namespace

void pad_naive(const void* x, void* y, const void* value, const PadShape& s, const Stream& stream) {
  const std::int64_t size = s.y_size();
  if (size == 0) return;
  with_element(s.element_size, value, [&]<class T>(T element) {
    if (element == 0 && s.x_size() == 0) {  // nothing but zeros
      return check(cudaMemsetAsync(y, 0, static_cast<std::size_t>(size) * sizeof(T),
                                   static_cast<cudaStream_t>(stream.handle)),
                   "cudaMemsetAsync", __FILE__, __LINE__);
    }
    constexpr auto kernel = pad_kernel<T>;
    KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream,
                   static_cast<const T*>(x), static_cast<T*>(y), element, s, size);
  });
}

template <class I>
void one_hot_naive(const I* index, void* y, const void* one, const OneHotShape& s,
                   const Stream& stream) {
  const std::int64_t size = s.count * s.depth;
  if (size == 0) return;
  with_element(s.element_size, one, [&]<class T>(T element) {
    constexpr auto kernel = one_hot_kernel<T, I>;
    KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, index,
                   static_cast<T*>(y), element, s, size);
  });
}
template void one_hot_naive(const std::int32_t*, void*, const void*, const OneHotShape&,
                            const Stream&);
template void one_hot_naive(const std::int64_t*, void*, const void*, const OneHotShape&,
                            const Stream&);

}  // namespace keratin::kernels::cuda
