#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"
#include "kernels/gather/gather.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Rows of `units` of type T, a warp a row: one index, one division a row.
template <class T, class I>
__global__ void __launch_bounds__(kThreads)
    gather_kernel(const T* table, const I* index, T* y, GatherShape s, std::int64_t units) {
  const std::int64_t lines = s.outer * s.count, step = std::int64_t{gridDim.x} * (kThreads / 32);
  for (std::int64_t line = std::int64_t{blockIdx.x} * (kThreads / 32) + threadIdx.x / 32;
       line < lines; line += step) {
    const std::int64_t row = index[line % s.count];
    const T* const from = table + (line / s.count * s.table_rows + row) * units;
    T* const to = y + line * units;
#pragma unroll 4
    for (std::int64_t c = threadIdx.x % 32; c < units; c += 32) to[c] = from[c];
  }
}

template <class T, class I>
bool copied(const void* table, const I* index, void* y, const GatherShape& s,
            const Stream& stream) {
  const std::int64_t width = s.cols * s.element_size;
  if (width % sizeof(T) != 0 || !is_aligned<T>(table) || !is_aligned<T>(y)) return false;
  constexpr auto kernel = gather_kernel<T, I>;
  KERATIN_LAUNCH(kernel, blocks_for(s.outer * s.count, kThreads / 32), kThreads, 0, stream,
                 static_cast<const T*>(table), index, static_cast<T*>(y), s,
                 width / std::int64_t{sizeof(T)});
  return true;
}

}  // namespace

bool gather_rows_applies(const GatherShape& s) { return s.cols * s.element_size >= 128; }

template <class I>
void gather_rows(const void* table, const I* index, void* y, const GatherShape& s,
                 const Stream& stream) {
  if (s.outer * s.count * s.cols == 0) return;
  copied<uint4>(table, index, y, s, stream) || copied<std::uint64_t>(table, index, y, s, stream) ||
      copied<std::uint32_t>(table, index, y, s, stream) ||
      copied<std::uint16_t>(table, index, y, s, stream) ||
      copied<std::uint8_t>(table, index, y, s, stream);
}
template void gather_rows(const void*, const std::int32_t*, void*, const GatherShape&,
                          const Stream&);
template void gather_rows(const void*, const std::int64_t*, void*, const GatherShape&,
                          const Stream&);

}  // namespace keratin::kernels::cuda
