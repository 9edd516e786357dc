#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/transpose/transpose.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// The axes of y: their sizes and how far apart their elements are in x.
struct Places {
  int rank = 0;
  std::int64_t sizes[TransposeShape::kMaxRank] = {}, strides[TransposeShape::kMaxRank] = {};
};

// One element of y a thread, its place in x by divisions.
template <class T>
__global__ void __launch_bounds__(kThreads)
    transpose_kernel(const T* x, T* y, Places p, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    std::int64_t rest = i, from = 0;
    for (int k = p.rank; k-- > 0;) {
      from += rest % p.sizes[k] * p.strides[k];
      rest /= p.sizes[k];
    }
    y[i] = x[from];
  }
}

template <class T>
void transpose(const void* x, void* y, const TransposeShape& s, const Stream& stream) {
  const std::int64_t size = s.size();
  if (size == 0) return;
  Places p{.rank = s.rank};
  for (int k = 0; k < s.rank; ++k) {
    const int axis = s.perm[static_cast<std::size_t>(k)];
    p.sizes[k] = s.sizes[static_cast<std::size_t>(axis)];
    p.strides[k] = 1;
    for (int later = axis + 1; later < s.rank; ++later)
      p.strides[k] *= s.sizes[static_cast<std::size_t>(later)];
  }
  constexpr auto kernel = transpose_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, static_cast<const T*>(x),
                 static_cast<T*>(y), p, size);
}

}  // namespace

void transpose_naive(const void* x, void* y, const TransposeShape& s, const Stream& stream) {
  with_element_size(s.element_size, [&]<class T>(T) { transpose<T>(x, y, s, stream); });
}

}  // namespace keratin::kernels::cuda
