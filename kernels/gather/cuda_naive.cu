#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/gather/gather.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kChecking = 1024;  // in the one block that looks for a bad index

// One element a thread, its places by divisions.
template <class T, class I>
__global__ void __launch_bounds__(kThreads)
    gather_kernel(const T* table, const I* index, T* y, GatherShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    const std::int64_t line = i / s.cols, outer = line / s.count;
    const std::int64_t row = index[line % s.count];
    y[i] = table[(outer * s.table_rows + row) * s.cols + i % s.cols];
  }
}

template <class T, class I>
void gather(const void* table, const I* index, void* y, const GatherShape& s,
            const Stream& stream) {
  const std::int64_t size = s.outer * s.count * s.cols;
  if (size == 0) return;
  constexpr auto kernel = gather_kernel<T, I>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream,
                 static_cast<const T*>(table), index, static_cast<T*>(y), s, size);
}

// One column of the table a thread, which adds all its terms, in the order of i.
template <class T, class I>
__global__ void __launch_bounds__(kThreads)
    scatter_add_kernel(const T* dy, const I* index, T* dtable, GatherShape s, std::int64_t size) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t k = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; k < size; k += step) {
    const std::int64_t outer = k / s.cols, col = k % s.cols;
    const T* const from = dy + outer * s.count * s.cols + col;
    T* const to = dtable + outer * s.table_rows * s.cols + col;
    for (std::int64_t i = 0; i < s.count; ++i)
      to[static_cast<std::int64_t>(index[i]) * s.cols] += from[i * s.cols];
  }
}

// The least bad place: of each thread's, then of each warp's, then of all.
template <class I>
__global__ void __launch_bounds__(kChecking)
    first_bad_index_kernel(const I* index, std::int64_t* place, IndexShape s) {
  KERATIN_SHARED(std::int64_t, of_warps, [kChecking / 32]);
  std::int64_t first = s.count;
  for (std::int64_t i = threadIdx.x; i < s.count; i += kChecking) {
    const std::int64_t row = index[i];
    if (row >= 0 && row < s.table_rows) continue;
    first = i;
    break;
  }
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const std::int64_t other = __shfl_xor_sync(0xffffffffU, first, lanes);
    first = other < first ? other : first;
  }
  if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = first;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int k = 1; k < kChecking / 32; ++k) first = of_warps[k] < first ? of_warps[k] : first;
  *place = first < s.count ? first : -1;
}

}  // namespace

template <class I>
void gather_naive(const void* table, const I* index, void* y, const GatherShape& s,
                  const Stream& stream) {
  with_element_size(s.element_size, [&]<class T>(T) { gather<T>(table, index, y, s, stream); });
}
template void gather_naive(const void*, const std::int32_t*, void*, const GatherShape&,
                           const Stream&);
template void gather_naive(const void*, const std::int64_t*, void*, const GatherShape&,
                           const Stream&);

template <class T, class I>
void scatter_add_naive(const T* dy, const I* index, T* dtable, const GatherShape& s,
                       const Stream& stream) {
  const std::int64_t size = s.outer * s.cols;
  if (size == 0 || s.count == 0) return;
  constexpr auto kernel = scatter_add_kernel<T, I>;
  KERATIN_LAUNCH(kernel, blocks_for(size, kThreads), kThreads, 0, stream, dy, index, dtable, s,
                 size);
}
template void scatter_add_naive(const float*, const std::int32_t*, float*, const GatherShape&,
                                const Stream&);
template void scatter_add_naive(const float*, const std::int64_t*, float*, const GatherShape&,
                                const Stream&);
template void scatter_add_naive(const double*, const std::int32_t*, double*, const GatherShape&,
                                const Stream&);
template void scatter_add_naive(const double*, const std::int64_t*, double*, const GatherShape&,
                                const Stream&);

template <class I>
void first_bad_index_naive(const I* index, std::int64_t* place, const IndexShape& s,
                           const Stream& stream) {
  constexpr auto kernel = first_bad_index_kernel<I>;
  KERATIN_LAUNCH(kernel, 1, kChecking, 0, stream, index, place, s);
}
template void first_bad_index_naive(const std::int32_t*, std::int64_t*, const IndexShape&,
                                    const Stream&);
template void first_bad_index_naive(const std::int64_t*, std::int64_t*, const IndexShape&,
                                    const Stream&);

}  // namespace keratin::kernels::cuda
