#include "kernels/cuda/element_size.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/transpose/transpose.h"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = 32;  // as many as a warp has lanes
constexpr int kRows = 8;   // that the threads of a block lie over
constexpr int kThreads = kTile * kRows;

// Planes to turn: of axis `row` of x, which is the last of y, and of x's last. The other axes, in
// the order of y, tell where a plane begins.
struct Planes {
  std::int64_t rows, cols;    // of a plane of x
  std::int64_t x_row_stride;  // between rows, in x
  std::int64_t y_row_stride;  // between columns of x, which are rows of y
  std::int64_t row_tiles, col_tiles, blocks;
  int outer = 0;
  std::int64_t sizes[TransposeShape::kMaxRank] = {};
  std::int64_t x_strides[TransposeShape::kMaxRank] = {}, y_strides[TransposeShape::kMaxRank] = {};
};

// A tile a block: rows of x in, whole sectors; rows of y out, whole sectors too. One column more
// than it holds, so that the elements of a column lie in different banks.
template <class T>
__global__ void __launch_bounds__(kThreads) transpose_kernel(const T* x, T* y, Planes p) {
  KERATIN_SHARED(T, tile, [kTile][kTile + 1]);
  const int lane = static_cast<int>(threadIdx.x) % kTile,
            line = static_cast<int>(threadIdx.x) / kTile;
  for (std::int64_t block = blockIdx.x; block < p.blocks; block += gridDim.x) {
    const std::int64_t first_col = block % p.col_tiles * kTile;
    std::int64_t rest = block / p.col_tiles;
    const std::int64_t first_row = rest % p.row_tiles * kTile;
    rest /= p.row_tiles;
    std::int64_t from = 0, to = 0;
    for (int k = p.outer; k-- > 0;) {
      const std::int64_t index = rest % p.sizes[k];
      rest /= p.sizes[k];
      from += index * p.x_strides[k];
      to += index * p.y_strides[k];
    }
#pragma unroll
    for (int i = line; i < kTile; i += kRows) {
      const std::int64_t row = first_row + i, col = first_col + lane;
      if (row < p.rows && col < p.cols) tile[i][lane] = x[from + row * p.x_row_stride + col];
    }
    __syncthreads();
#pragma unroll
    for (int i = line; i < kTile; i += kRows) {
      const std::int64_t row = first_row + lane, col = first_col + i;
      if (row < p.rows && col < p.cols) y[to + col * p.y_row_stride + row] = tile[lane][i];
    }
    __syncthreads();
  }
}

Planes planes_of(const TransposeShape& s) {
  std::int64_t x_stride[TransposeShape::kMaxRank],
      y_stride[TransposeShape::kMaxRank];  // by x's axes
  const auto axis_of = [&](int k) { return s.perm[static_cast<std::size_t>(k)]; };
  std::int64_t in_x = 1, in_y = 1;
  for (int k = s.rank; k-- > 0;) {
    x_stride[k] = in_x;
    in_x *= s.sizes[static_cast<std::size_t>(k)];
    y_stride[axis_of(k)] = in_y;
    in_y *= s.sizes[static_cast<std::size_t>(axis_of(k))];
  }
  const int col = s.rank - 1, row = axis_of(s.rank - 1);
  Planes p{.rows = s.sizes[static_cast<std::size_t>(row)],
           .cols = s.sizes[static_cast<std::size_t>(col)],
           .x_row_stride = x_stride[row],
           .y_row_stride = y_stride[col],
           .row_tiles = 1,
           .col_tiles = 1,
           .blocks = 1};
  p.row_tiles = (p.rows + kTile - 1) / kTile;
  p.col_tiles = (p.cols + kTile - 1) / kTile;
  p.blocks = p.row_tiles * p.col_tiles;
  for (int k = 0; k < s.rank; ++k) {
    const int axis = axis_of(k);
    if (axis == row || axis == col) continue;
    p.sizes[p.outer] = s.sizes[static_cast<std::size_t>(axis)];
    p.x_strides[p.outer] = x_stride[axis];
    p.y_strides[p.outer] = y_stride[axis];
    p.blocks *= p.sizes[p.outer++];
  }
  return p;
}

template <class T>
void transpose(const void* x, void* y, const TransposeShape& s, const Stream& stream) {
  if (s.size() == 0) return;
  const Planes p = planes_of(s);
  constexpr auto kernel = transpose_kernel<T>;
  KERATIN_LAUNCH(kernel, blocks_for(p.blocks, 1), kThreads, 0, stream, static_cast<const T*>(x),
                 static_cast<T*>(y), p);
}

}  // namespace

bool transpose_tiles_applies(const TransposeShape& s) {
  return s.rank >= 2 && s.perm[static_cast<std::size_t>(s.rank - 1)] != s.rank - 1;
}

void transpose_tiles(const void* x, void* y, const TransposeShape& s, const Stream& stream) {
  with_element_size(s.element_size, [&]<class T>(T) { transpose<T>(x, y, s, stream); });
}

}  // namespace keratin::kernels::cuda
