#include "kernels/cuda/launch.cuh"
#include "kernels/gather/gather.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kList = 1024;        // terms that a block collects before it adds them
constexpr int kEach = 4;           // columns a lane
constexpr int kCols = 32 * kEach;  // columns a block

struct Ranges {
  std::int64_t rows, ranges;  // rows of the table in a range, ranges in a table
  std::int64_t col_tiles, blocks;
};

// A block owns a range of rows of one table, and some columns. It goes through all indices and
// lists those of its rows, in order; then each warp adds the listed terms of the rows that are its
// own. So an element of the table gets its terms from one thread, in the order of i.
template <class T, class I>
__global__ void __launch_bounds__(kThreads)
    scatter_add_kernel(const T* dy, const I* index, T* dtable, GatherShape s, Ranges r) {
  KERATIN_SHARED(std::int64_t, terms, [kList]);
  KERATIN_SHARED(int, rows, [kList]);  // within the range
  KERATIN_SHARED(int, of_warps, [kWarps]);
  const int thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  for (std::int64_t block = blockIdx.x; block < r.blocks; block += gridDim.x) {
    const std::int64_t first_col = block % r.col_tiles * kCols + lane;
    const std::int64_t range = block / r.col_tiles % r.ranges;
    const std::int64_t outer = block / r.col_tiles / r.ranges;
    const std::int64_t first = range * r.rows;
    const std::int64_t past = first + r.rows < s.table_rows ? first + r.rows : s.table_rows;
    const T* const from = dy + outer * s.count * s.cols;
    T* const to = dtable + (outer * s.table_rows + first) * s.cols;
    int listed = 0;
    for (std::int64_t at = 0; at < s.count; at += kThreads) {
      const std::int64_t i = at + thread, row = i < s.count ? index[i] : -1;
      const bool mine = row >= first && row < past;
      const unsigned votes = __ballot_sync(0xffffffffU, mine);
      if (lane == 0) of_warps[warp] = __popc(votes);
      __syncthreads();
      int place = listed + __popc(votes & ((1U << lane) - 1));
      for (int k = 0; k < kWarps; ++k) {
        if (k < warp) place += of_warps[k];
        listed += of_warps[k];
      }
      if (mine) {
        terms[place] = i;
        rows[place] = static_cast<int>(row - first);
      }
      __syncthreads();
      if (listed <= kList - kThreads && at + kThreads < s.count) continue;
      for (int k = 0; k < listed; ++k) {
        if (rows[k] % kWarps != warp) continue;
        const T* const term = from + terms[k] * s.cols;
        T* const sum = to + rows[k] * s.cols;
#pragma unroll
        for (int e = 0; e < kEach; ++e) {
          const std::int64_t col = first_col + 32 * e;
          if (col < s.cols) sum[col] += term[col];
        }
      }
      listed = 0;
      __syncthreads();
    }
  }
}

}  // namespace

bool scatter_add_ranges_applies(const GatherShape& s) { return s.table_rows > 1; }

template <class T, class I>
void scatter_add_ranges(const T* dy, const I* index, T* dtable, const GatherShape& s,
                        const Stream& stream) {
  if (s.outer * s.cols == 0 || s.count == 0) return;
  Ranges r{};
  r.col_tiles = (s.cols + kCols - 1) / kCols;
  // Some 1024 blocks, each of which reads all indices; terms and rows for all its warps.
  const std::int64_t most =
      std::max<std::int64_t>(1, std::min(1024 / (r.col_tiles * s.outer), s.count / kWarps));
  r.rows = std::max<std::int64_t>(kWarps, (s.table_rows + most - 1) / most);
  r.rows = std::min<std::int64_t>(r.rows, std::int64_t{1} << 30);
  r.ranges = (s.table_rows + r.rows - 1) / r.rows;
  r.blocks = r.col_tiles * r.ranges * s.outer;
  constexpr auto kernel = scatter_add_kernel<T, I>;
  KERATIN_LAUNCH(kernel, blocks_for(r.blocks, 1), kThreads, 0, stream, dy, index, dtable, s, r);
}
template void scatter_add_ranges(const float*, const std::int32_t*, float*, const GatherShape&,
                                 const Stream&);
template void scatter_add_ranges(const float*, const std::int64_t*, float*, const GatherShape&,
                                 const Stream&);
template void scatter_add_ranges(const double*, const std::int32_t*, double*, const GatherShape&,
                                 const Stream&);
template void scatter_add_ranges(const double*, const std::int64_t*, double*, const GatherShape&,
                                 const Stream&);

}  // namespace keratin::kernels::cuda
