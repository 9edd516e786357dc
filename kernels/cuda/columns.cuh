// Arrays [rows, cols] whose columns have something of their own: two sums over the rows of each,
// and element-wise work with numbers of the column. Sums are taken in an order that the shape
// fixes.
#pragma once

#include <algorithm>

#include "kernels/cuda/narrow.cuh"

namespace keratin::kernels::cuda {

inline constexpr int kColumnThreads = 256;
// Blocks a multiprocessor that are enough: left alone, ptxas aims at more and spills.
inline constexpr int kColumnBlocks = 3;

/// How blocks lie over the array: 2^log_width columns side by side, `piece` rows.
struct ColumnTiling {
  std::int64_t rows, cols, piece, pieces, tiles;
  int log_width;

  ColumnTiling(std::int64_t rows_, std::int64_t cols_) : rows(rows_), cols(cols_), log_width(0) {
    while (log_width < 5 && (1 << log_width) < cols) ++log_width;
    const std::int64_t width = std::int64_t{1} << log_width, height = kColumnThreads / width;
    tiles = (cols + width - 1) / width;
    // Some 1024 blocks, of 16 rows a thread or more.
    const std::int64_t most = std::max<std::int64_t>(1, 1024 / std::max<std::int64_t>(tiles, 1));
    pieces = std::max<std::int64_t>(1, std::min(most, rows / (16 * height)));
    piece = (rows + pieces - 1) / pieces;
  }
  std::int64_t blocks() const { return tiles * pieces; }
};

/// One thread's columns and rows of a tiling; `f(col, first row, last row, step)`.
template <class F>
__device__ __forceinline__ void each_column_piece(const ColumnTiling& t, F f) {
  const int thread = static_cast<int>(threadIdx.x), width = 1 << t.log_width;
  for (std::int64_t block = blockIdx.x; block < t.tiles * t.pieces; block += gridDim.x) {
    const std::int64_t col = block % t.tiles * width + (thread & (width - 1));
    const std::int64_t part = block / t.tiles, first = part * t.piece;
    const std::int64_t last = first + t.piece < t.rows ? first + t.piece : t.rows;
    f(col, part, first + (thread >> t.log_width), last);
  }
}

// Sums has:  Scalar, float or double; kTogether, how many columns a thread takes at once;
//            column(c), what its terms need to know of the column;
//            terms(columns, r, c, terms), the terms of both sums for columns c, c + 1 ... of row r:
//            an array of Two<Scalar> as long as `columns`, 1 or kTogether;
//            finish(c, first, second), which takes the sums in.

/// Two terms, or two sums.
template <class T>
struct alignas(2 * sizeof(T)) Two {
  T first, second;
};

/// kTogether for columns of T.
template <class T>
constexpr int kColumnsTogether = sizeof(T) == 2 ? 2 : 1;

/// n neighbours from `from` on, for sums: one by one where they lie at odd places, in one order all
/// the same.
template <int n, class T>
__device__ __forceinline__ void load_for_sums(const T* from, Computed<T> (&to)[n], bool aligned) {
  if (n > 1 && aligned) {
    load<n, true>(from, to);
  } else {
    load<n, false>(from, to);
  }
}

/// One column a thread, in double.
template <class Sums>
__global__ void __launch_bounds__(kColumnThreads, kColumnBlocks)
    column_chains_kernel(Sums sums, std::int64_t rows, std::int64_t cols) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t c = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; c < cols; c += step) {
    const typename Sums::Scalar column[1] = {sums.column(c)};
    double first = 0, second = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      Two<typename Sums::Scalar> terms[1];
      sums.terms(column, r, c, terms);
      first += terms[0].first;
      second += terms[0].second;
    }
    sums.finish(c, first, second);
  }
}

/// The sums of each piece of rows: chains of a thread, then a tree over those of a column. The
/// tiling is one of groups of n columns. Where there is one piece only, nobody asks for parts.
template <class Sums, int n>
__global__ void __launch_bounds__(kColumnThreads)
    column_pieces_kernel(Sums sums, Two<typename Sums::Scalar>* parts, ColumnTiling t) {
  using Pair = Two<typename Sums::Scalar>;
  KERATIN_SHARED(Pair, values, [kColumnThreads * n]);
  const int thread = static_cast<int>(threadIdx.x), width = 1 << t.log_width;
  const int height = kColumnThreads >> t.log_width, row = thread >> t.log_width;
  each_column_piece(t, [&](std::int64_t u, std::int64_t part, std::int64_t r, std::int64_t last) {
    Pair value[n] = {};
    if (u < t.cols) {
      typename Sums::Scalar columns[n];
#pragma unroll
      for (int k = 0; k < n; ++k) columns[k] = sums.column(u * n + k);
#pragma unroll 4
      for (; r < last; r += height) {
        Pair terms[n];
        sums.terms(columns, r, u * n, terms);
#pragma unroll
        for (int k = 0; k < n; ++k) {
          value[k].first += terms[k].first;
          value[k].second += terms[k].second;
        }
      }
    }
#pragma unroll
    for (int k = 0; k < n; ++k) values[thread * n + k] = value[k];
    __syncthreads();
    for (int half = height / 2; half > 0; half /= 2) {
      if (row < half) {
#pragma unroll
        for (int k = 0; k < n; ++k) {
          Pair& mine = values[thread * n + k];
          const Pair& other = values[(thread + half * width) * n + k];
          mine.first += other.first;
          mine.second += other.second;
        }
      }
      __syncthreads();
    }
    if (row == 0 && u < t.cols) {
#pragma unroll
      for (int k = 0; k < n; ++k) {
        const Pair& sum = values[thread * n + k];
        if (parts == nullptr) {
          sums.finish(u * n + k, sum.first, sum.second);
        } else {
          parts[(part * t.cols + u) * n + k] = sum;
        }
      }
    }
    __syncthreads();
  });
}

/// The sums of all pieces, a warp a column, in double.
template <class Sums>
__global__ void __launch_bounds__(kColumnThreads)
    column_join_kernel(Sums sums, const Two<typename Sums::Scalar>* parts, std::int64_t cols,
                       std::int64_t pieces) {
  constexpr int kWarps = kColumnThreads / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  for (std::int64_t c = std::int64_t{blockIdx.x} * kWarps + threadIdx.x / 32; c < cols;
       c += std::int64_t{gridDim.x} * kWarps) {
    double first = 0, second = 0;
    for (std::int64_t p = lane; p < pieces; p += 32) {
      first += parts[p * cols + c].first;
      second += parts[p * cols + c].second;
    }
#pragma unroll
    for (int lanes = 16; lanes > 0; lanes /= 2) {
      first += __shfl_xor_sync(0xffffffffU, first, lanes);
      second += __shfl_xor_sync(0xffffffffU, second, lanes);
    }
    if (lane == 0) sums.finish(c, first, second);
  }
}

template <class Sums>
void column_chains(const Sums& sums, std::int64_t rows, std::int64_t cols, const Stream& stream) {
  if (cols == 0) return;
  constexpr auto kernel = column_chains_kernel<Sums>;
  KERATIN_LAUNCH(kernel, blocks_for(cols, kColumnThreads), kColumnThreads, 0, stream, sums, rows,
                 cols);
}

template <int n, class Sums>
void column_pieces_by(const Sums& sums, std::int64_t rows, std::int64_t cols,
                      const Stream& stream) {
  const ColumnTiling t(rows, cols / n);
  using Parts = Two<typename Sums::Scalar>;
  constexpr auto pieces_kernel = column_pieces_kernel<Sums, n>;
  constexpr auto join_kernel = column_join_kernel<Sums>;
  const auto launch_pieces = [&](Parts* parts) {
    KERATIN_LAUNCH(pieces_kernel, blocks_for(t.blocks(), 1), kColumnThreads, 0, stream, sums, parts,
                   t);
  };
  if (t.pieces == 1) return launch_pieces(nullptr);
  const Scratch between(t.pieces * cols * std::int64_t{sizeof(Parts)}, stream);
  auto* const parts = between.as<Parts>();
  launch_pieces(parts);
  KERATIN_LAUNCH(join_kernel, blocks_for(cols, kColumnThreads / 32), kColumnThreads, 0, stream,
                 sums, parts, cols, t.pieces);
}

template <class Sums>
void column_pieces(const Sums& sums, std::int64_t rows, std::int64_t cols, const Stream& stream) {
  if (cols == 0) return;
  if constexpr (Sums::kTogether > 1) {
    if (cols % Sums::kTogether == 0)
      return column_pieces_by<Sums::kTogether>(sums, rows, cols, stream);
  }
  column_pieces_by<1>(sums, rows, cols, stream);
}

// Map has:  Column column(c), the numbers of a column;
//           apply<n>(columns, i), the work on elements n i .. n i + n - 1, whose columns these are;
//           kMost, the largest n, 4 or more; aligned<n>(), may it be asked for so many?

/// One element a thread, with its column's numbers worked out each time.
template <class Map>
__global__ void __launch_bounds__(kColumnThreads)
    map_elements_kernel(Map map, std::int64_t size, std::int64_t cols) {
  const std::int64_t step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < size; i += step) {
    const typename Map::Column columns[1] = {map.column(i % cols)};
    map.template apply<1>(columns, i);
  }
}

/// The same columns, n of them, for as long as a thread lives.
template <class Map, int n>
__global__ void __launch_bounds__(kColumnThreads, kColumnBlocks)
    map_columns_kernel(Map map, ColumnTiling t) {
  const int height = kColumnThreads >> t.log_width;
  each_column_piece(t, [&](std::int64_t unit, std::int64_t, std::int64_t r, std::int64_t last) {
    if (unit >= t.cols || r >= last) return;
    typename Map::Column columns[n];
#pragma unroll
    for (int k = 0; k < n; ++k) columns[k] = map.column(unit * n + k);
#pragma unroll 4
    for (; r < last; r += height) map.template apply<n>(columns, r * t.cols + unit);
  });
}

template <class Map>
void map_elements(const Map& map, std::int64_t rows, std::int64_t cols, const Stream& stream) {
  if (rows * cols == 0) return;
  constexpr auto kernel = map_elements_kernel<Map>;
  KERATIN_LAUNCH(kernel, blocks_for(rows * cols, kColumnThreads), kColumnThreads, 0, stream, map,
                 rows * cols, cols);
}

template <class Map, int n>
void map_columns_by(const Map& map, std::int64_t rows, std::int64_t units, const Stream& stream) {
  const ColumnTiling t(rows, units);
  constexpr auto kernel = map_columns_kernel<Map, n>;
  KERATIN_LAUNCH(kernel, blocks_for(t.blocks(), 1), kColumnThreads, 0, stream, map, t);
}

template <class Map>
void map_columns(const Map& map, std::int64_t rows, std::int64_t cols, const Stream& stream) {
  if (rows * cols == 0) return;
  if constexpr (Map::kMost > 4) {
    constexpr int n = Map::kMost;
    if (cols % n == 0 && map.template aligned<n>())
      return map_columns_by<Map, n>(map, rows, cols / n, stream);
  }
  if (cols % 4 == 0 && map.template aligned<4>())
    return map_columns_by<Map, 4>(map, rows, cols / 4, stream);
  map_columns_by<Map, 1>(map, rows, cols, stream);
}

}  // namespace keratin::kernels::cuda
