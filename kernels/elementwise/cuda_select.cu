#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/select.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// One element a thread; its place in all three operands by divisions.
template <class T>
__global__ void __launch_bounds__(kThreads)
    select_kernel(const std::uint8_t* condition, const T* a, const T* b, T* y, Broadcast<3> axes,
                  std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, at = 0, at_a = 0, at_b = 0;
    for (int k = axes.rank; k-- > 0;) {
      const auto axis = static_cast<std::size_t>(k);
      const std::int64_t index = rest % axes.sizes[axis];
      rest /= axes.sizes[axis];
      at += index * axes.strides[0][axis];
      at_a += index * axes.strides[1][axis];
      at_b += index * axes.strides[2][axis];
    }
    y[i] = condition[at] != 0 ? a[at_a] : b[at_b];
  }
}

// Operands that step by one element, or stay at one.
template <class T>
__global__ void __launch_bounds__(kThreads)
    select_line_kernel(const std::uint8_t* condition, const T* a, const T* b, T* y, int step_c,
                       int step_a, int step_b, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step)
    y[i] = condition[i * step_c] != 0 ? a[i * step_a] : b[i * step_b];
}

// Calls f with a type of so many bytes.
template <class F>
void with_size(int bytes, F f) {
  switch (bytes) {
    case 1:
      return f.template operator()<std::uint8_t>();
    case 2:
      return f.template operator()<std::uint16_t>();
    case 4:
      return f.template operator()<std::uint32_t>();
    default:
      return f.template operator()<std::uint64_t>();
  }
}

}  // namespace

bool select_line_applies(const SelectShape& s) {
  return s.axes.rank == 1 && s.axes.strides[0][0] <= 1 && s.axes.strides[1][0] <= 1 &&
         s.axes.strides[2][0] <= 1;
}

void select_naive(const std::uint8_t* condition, const void* a, const void* b, void* y,
                  const SelectShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  with_size(s.element_size, [&]<class T>() {
    constexpr auto kernel = select_kernel<T>;
    KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, condition,
                   static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(y), s.axes,
                   size);
  });
}

void select_line(const std::uint8_t* condition, const void* a, const void* b, void* y,
                 const SelectShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  const auto step = [&](std::size_t n) { return static_cast<int>(s.axes.strides[n][0]); };
  with_size(s.element_size, [&]<class T>() {
    constexpr auto kernel = select_line_kernel<T>;
    KERATIN_LAUNCH(kernel, blocks_for(size, kThreads, 8192), kThreads, 0, stream, condition,
                   static_cast<const T*>(a), static_cast<const T*>(b), static_cast<T*>(y), step(0),
                   step(1), step(2), size);
  });
}

}  // namespace keratin::kernels::cuda
