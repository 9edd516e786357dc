// Matrix products on tensor cores, for gemm and for convolutions:  out = A B,  A [m, k], B [k, n].
//
// A block of two rows of two or four warps makes a tile of kRows x kColumns. Operands come by
// cp.async, 16 bytes at a time (a chunk), into kTensorStages stages of shared memory, each 4 chunks
// of k deep; ldmatrix takes fragments from there. Chunks of a row trade places (an XOR with the
// row's number), so that the eight rows of a matrix lie in different banks. After NVIDIA CUTLASS
// (multistage, swizzled layouts).
//
// An operand has:  Element;  kAlongK, is k what lies together;  aligned, do chunks begin at
// multiples of 16 bytes;  to(q), to product q of the batch;  place(p) and depth(k), what all
// elements of a row (A; B: of a column) and of a k have in common;  find(place, depth, count), the
// address of the elements from there on along what lies together: `count` of them, at most a chunk,
// are there, zeros follow. Where `count` is 0 the address is any valid one.
// Out has:  to(q);  store(i, j, first, second, piece), the sums of columns j and j + 1.
#pragma once

#include <algorithm>
#include <string>

#include "kernels/bfloat16.h"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/several.cuh"
#include "kernels/cuda/tensor_cores.cuh"
#include "kernels/cuda/tile_order.cuh"
#include "kernels/error.h"

namespace keratin::kernels::cuda {

inline constexpr int kTensorStages = 4, kDepthChunks = 4;

// What the mathematics of a rung does with fragments: of B those of J times 8 columns and 2 chunks
// of k, two registers each; of A that of 16 rows. multiply() adds the products to the sums of these
// rows. kWarpsOf128: how many warps hold the sums of a tile of 128 x 128 in their registers;
// kUnrolled: how many steps of 2 chunks the compiler may interleave, before registers spill.

struct Bf16Math {
  static constexpr int kWarpsOf128 = 4, kUnrolled = 1;
  template <int J>
  struct Right {
    unsigned b[J][2];
    __device__ __forceinline__ void prepare() {}
  };
  template <int J>
  static __device__ __forceinline__ void multiply(float (&sums)[J][4], const unsigned (&a)[4],
                                                  const Right<J>& right) {
#pragma unroll
    for (int j = 0; j < J; ++j) multiply_bf16(sums[j], a, right.b[j]);
  }
};

/// Operands rounded to 11 binary digits: each product is off by up to 2^-10 of itself.
struct Tf32Math {
  static constexpr int kWarpsOf128 = 8, kUnrolled = 2;
  template <int J>
  struct Right {
    unsigned b[J][2];
    __device__ __forceinline__ void prepare() {
#pragma unroll
      for (int j = 0; j < J; ++j)
#pragma unroll
        for (int r = 0; r < 2; ++r) b[j][r] = to_tf32(__uint_as_float(b[j][r]));
    }
  };
  template <int J>
  static __device__ __forceinline__ void multiply(float (&sums)[J][4], const unsigned (&a)[4],
                                                  const Right<J>& right) {
    unsigned left[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) left[r] = to_tf32(__uint_as_float(a[r]));
#pragma unroll
    for (int j = 0; j < J; ++j) multiply_tf32(sums[j], left, right.b[j]);
  }
};

/// x = big + small, each a tf32: three products instead of one, small small left out, the large one
/// last. Each product is off by at most 3 x 2^-22 of itself. Infinities, and what rounds to them
/// (from 3.4012e38 on), give NaN. After NVIDIA CUTLASS, examples 27 and 28.
struct Tf32x3Math {
  static constexpr int kWarpsOf128 = 8, kUnrolled = 1;
  static __device__ __forceinline__ void split(unsigned x, unsigned& big, unsigned& small) {
    big = to_tf32(__uint_as_float(x));
    small = to_tf32(__uint_as_float(x) - from_tf32(big));
  }
  template <int J>
  struct Right {
    unsigned b[J][2], small[J][2];
    __device__ __forceinline__ void prepare() {
#pragma unroll
      for (int j = 0; j < J; ++j)
#pragma unroll
        for (int r = 0; r < 2; ++r) split(b[j][r], b[j][r], small[j][r]);
    }
  };
  template <int J>
  static __device__ __forceinline__ void multiply(float (&sums)[J][4], const unsigned (&a)[4],
                                                  const Right<J>& right) {
    unsigned big[4], small[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) split(a[r], big[r], small[r]);
#pragma unroll
    for (int j = 0; j < J; ++j) multiply_tf32(sums[j], small, right.b[j]);
#pragma unroll
    for (int j = 0; j < J; ++j) multiply_tf32(sums[j], big, right.small[j]);
#pragma unroll
    for (int j = 0; j < J; ++j) multiply_tf32(sums[j], big, right.b[j]);
  }
};

/// A tile of an operand in shared memory as it lies in global memory, in chunks: rows of 4 chunks
/// along k, one a place (a row of A, a column of B), or rows along places, one a k.
template <class T, bool along_k, int kPlaces>
struct TensorTile {
  static constexpr int kElements = 16 / static_cast<int>(sizeof(T));  // of a chunk
  static constexpr int kDepth = kDepthChunks * kElements;
  static constexpr int kRowChunks = along_k ? kDepthChunks : kPlaces / kElements;
  static constexpr int kChunks = kPlaces * kDepthChunks;

  static __device__ __forceinline__ int chunk_at(int row, int chunk) {
    if constexpr (along_k) return row * kRowChunks + (chunk ^ (row / 2 % 4));
    if constexpr (sizeof(T) == 2) return row * kRowChunks + (chunk ^ row % 8);
    return row * kRowChunks + (chunk ^ row % 4 * 2);
  }
  static __device__ __forceinline__ unsigned word(const uint4* tile, int k, int place) {
    const auto* const words = reinterpret_cast<const float*>(tile + chunk_at(k, place / 4));
    return __float_as_uint(load_shared(words + place % 4));
  }

  /// The fragment of 16 rows of A from `place` on, and of 2 chunks of k.
  static __device__ __forceinline__ void load_a(unsigned (&to)[4], const uint4* tile, int place,
                                                int chunk, int lane) {
    if constexpr (along_k) {
      load_matrices<false>(to, tile + chunk_at(place + lane % 16, chunk + lane / 16));
    } else if constexpr (sizeof(T) == 2) {
      const int k = chunk * kElements + lane / 16 * 8 + lane % 8;
      load_matrices<true>(to, tile + chunk_at(k, place / 8 + lane / 8 % 2));
    } else {  // ldmatrix cannot transpose words
      const int k = chunk * kElements + lane % 4, row = place + lane / 4;
#pragma unroll
      for (int r = 0; r < 4; ++r) to[r] = word(tile, k + r / 2 * 4, row + r % 2 * 8);
    }
  }
  /// The fragments of 8 and of 8 more columns of B from `place` on.
  static __device__ __forceinline__ void load_b(unsigned (&first)[2], unsigned (&second)[2],
                                                const uint4* tile, int place, int chunk, int lane) {
    if constexpr (!along_k && sizeof(T) == 4) {
      const int k = chunk * kElements + lane % 4, column = place + lane / 4;
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        first[r] = word(tile, k + r * 4, column);
        second[r] = word(tile, k + r * 4, column + 8);
      }
    } else {
      unsigned four[4];
      if constexpr (along_k) {
        const int column = place + lane / 16 * 8 + lane % 8;
        load_matrices<false>(four, tile + chunk_at(column, chunk + lane / 8 % 2));
      } else {
        const int k = chunk * kElements + lane % 16;
        load_matrices<true>(four, tile + chunk_at(k, place / 8 + lane / 16));
      }
      first[0] = four[0], first[1] = four[1], second[0] = four[2], second[1] = four[3];
    }
  }
};

/// One thread's chunks of an operand's tiles: one column of chunks, every so many rows.
template <class Operand, int kPlaces, int kThreads>
class TensorLoader {
 public:
  using T = typename Operand::Element;
  using Tile = TensorTile<T, Operand::kAlongK, kPlaces>;

  __device__ __forceinline__ TensorLoader(const Operand& operand, std::int64_t first)
      : operand_(operand), first_(first) {
#pragma unroll
    for (int i = 0; i < kKept; ++i)
      kept_[i] = operand.place(first + (Operand::kAlongK ? row(i) : column() * Tile::kElements));
  }

  /// Begins the copies of the tile at k; what is not aligned goes through registers.
  __device__ __forceinline__ void fetch(uint4* tile, std::int64_t k) {
    if (!operand_.aligned) return gather(tile, k);
    if constexpr (Operand::kAlongK) {
      const auto depth = operand_.depth(k + column() * Tile::kElements);
#pragma unroll
      for (int i = 0; i < kEach; ++i) copy(tile + chunk(i), kept_[i], depth);
    } else {
#pragma unroll
      for (int i = 0; i < kEach; ++i) copy(tile + chunk(i), kept_[0], operand_.depth(k + row(i)));
    }
  }

 private:
  static constexpr int kEach = Tile::kChunks / kThreads;
  static constexpr int kKept = Operand::kAlongK ? kEach : 1;
  static __device__ __forceinline__ int column() {
    return static_cast<int>(threadIdx.x) % Tile::kRowChunks;
  }
  static __device__ __forceinline__ int row(int i) {
    return static_cast<int>(threadIdx.x) / Tile::kRowChunks + kThreads / Tile::kRowChunks * i;
  }
  static __device__ __forceinline__ int chunk(int i) { return Tile::chunk_at(row(i), column()); }
  template <class Place, class Depth>
  __device__ __forceinline__ void copy(uint4* to, const Place& place, const Depth& depth) {
    int count;
    const T* const from = operand_.find(place, depth, count);
    copy_async_16(to, from, static_cast<unsigned>(count) * sizeof(T));
  }
  __device__ __forceinline__ T element(std::int64_t place, std::int64_t k) {
    int count;
    const T* const from = operand_.find(operand_.place(place), operand_.depth(k), count);
    return count > 0 ? *from : T{};
  }
  __device__ __forceinline__ void gather(uint4* tile, std::int64_t k) {
    const int across = column() * Tile::kElements;
#pragma unroll 1
    for (int i = 0; i < kEach; ++i) {  // one chunk's loads are under way at once
      Several<T, Tile::kElements> several;
#pragma unroll
      for (int e = 0; e < Tile::kElements; ++e) {
        several.at[e] = Operand::kAlongK ? element(first_ + row(i), k + across + e)
                                         : element(first_ + across + e, k + row(i));
      }
      *reinterpret_cast<Several<T, Tile::kElements>*>(tile + chunk(i)) = several;
    }
  }

  const Operand& operand_;
  std::int64_t first_;
  decltype(std::declval<const Operand&>().place(0)) kept_[kKept];
};

/// How blocks lie over the product: `across` tiles of columns, `down` of rows; pieces of k, which
/// are multiples of every tile's depth; products.
struct TensorGrid {
  std::int64_t k, piece, across, down, batch;
};

template <class Math, class A, class B, class Out, int kRows, int kColumns, int kWarps>
__global__ void __launch_bounds__(32 * kWarps, 1)
    tensor_kernel(A all_a, B all_b, Out all_out, TensorGrid grid) {
  using LoaderA = TensorLoader<A, kRows, 32 * kWarps>;
  using LoaderB = TensorLoader<B, kColumns, 32 * kWarps>;
  using TileA = typename LoaderA::Tile;
  using TileB = typename LoaderB::Tile;
  constexpr int kStage = TileA::kChunks + TileB::kChunks, kDepth = TileA::kDepth;
  constexpr int kWarpRows = kRows / 2, kWarpColumns = kColumns / (kWarps / 2);
  constexpr int I = kWarpRows / 16, J = kWarpColumns / 8;  // fragments of a warp
  KERATIN_DYNAMIC_SHARED(uint4, stages);                   // [kTensorStages][kStage]
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_row = warp % 2 * kWarpRows, warp_column = warp / 2 * kWarpColumns;
  std::int64_t down, across;
  place_of_tile(std::int64_t{blockIdx.x}, grid.across, grid.down, down, across);
  const int tile_row = static_cast<int>(down), tile_column = static_cast<int>(across);
  const std::int64_t first = blockIdx.y * grid.piece;
  const std::int64_t last = first + grid.piece < grid.k ? first + grid.piece : grid.k;
  const int steps = static_cast<int>((last - first + kDepth - 1) / kDepth);
  for (unsigned q = blockIdx.z;  // of 32 bits: with one register more some layouts spill on sm_80
       q < grid.batch; q += gridDim.z) {
    A a = all_a;
    B b = all_b;
    Out out = all_out;
    a.to(q);
    b.to(q);
    out.to(q);
    LoaderA loader_a(a, std::int64_t{tile_row} * kRows);
    LoaderB loader_b(b, std::int64_t{tile_column} * kColumns);
    const auto fetch = [&](int step) {
      if (step < steps) {
        uint4* const stage = stages + step % kTensorStages * kStage;
        const std::int64_t k = first + std::int64_t{step} * kDepth;
        loader_a.fetch(stage, k);
        loader_b.fetch(stage + TileA::kChunks, k);
      }
      commit_async();  // an empty group too: the wait below counts groups
    };
    float sums[I][J][4] = {};
#pragma unroll 1
    for (int step = 0; step < kTensorStages - 1; ++step) fetch(step);
    for (int step = 0; step < steps; ++step) {
      wait_async<kTensorStages - 2>();
      // Now this step's tiles are there, and nobody reads the stage that is filled next.
      __syncthreads();
      fetch(step + kTensorStages - 1);
      const uint4* const tile_a = stages + step % kTensorStages * kStage;
      const uint4* const tile_b = tile_a + TileA::kChunks;
#pragma unroll Math::kUnrolled
      for (int chunk = 0; chunk < kDepthChunks; chunk += 2) {
        typename Math::template Right<J> right;
        unsigned left[2][4];  // this fragment and the next
#pragma unroll
        for (int j = 0; j < J; j += 2)
          TileB::load_b(right.b[j], right.b[j + 1], tile_b, warp_column + 8 * j, chunk, lane);
        TileA::load_a(left[0], tile_a, warp_row, chunk, lane);
        right.prepare();
#pragma unroll
        for (int i = 0; i < I; ++i) {
          if (i + 1 < I)
            TileA::load_a(left[(i + 1) % 2], tile_a, warp_row + 16 * (i + 1), chunk, lane);
          Math::multiply(sums[i], left[i % 2], right);
        }
      }
    }
    wait_async<0>();
    __syncthreads();  // nobody reads tiles any more
    // Through shared memory, so that a warp writes rows. Four columns of pairs trade places by row.
    constexpr int kPairs = kWarpColumns / 2;  // of a row
    static_assert(kRows * kColumns <= kTensorStages * kStage * 4);
    float2* const mine = reinterpret_cast<float2*>(stages) + warp * kWarpRows * kPairs;
    const auto place = [](int r, int pair) { return r * kPairs + (pair ^ r % 4 * 4); };
#pragma unroll
    for (int i = 0; i < I; ++i)
#pragma unroll
      for (int j = 0; j < J; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          mine[place(16 * i + 8 * half + lane / 4, 4 * j + lane % 4)] =
              make_float2(sums[i][j][2 * half], sums[i][j][2 * half + 1]);
    __syncwarp();
    [[maybe_unused]] constexpr int kTogether = 8 / kWarps;  // with more, some kernels spill
#pragma unroll kTogether
    for (int r = lane / kPairs; r < kWarpRows; r += 32 / kPairs) {
      const float2 both = mine[place(r, lane % kPairs)];
      out.store(std::int64_t{tile_row} * kRows + warp_row + r,
                std::int64_t{tile_column} * kColumns + warp_column + lane % kPairs * 2, both.x,
                both.y, blockIdx.y);
    }
    __syncthreads();  // before the next product's tiles
  }
}

/// What is multiplied: A [m, k], B [k, n], `batch` times, k in pieces.
struct TensorSizes {
  std::int64_t m, n, k, piece, batch;
};

template <class Math, int kRows, int kColumns, int kWarps, class A, class B, class Out>
void launch_tensor(const A& a, const B& b, const Out& out, const TensorSizes& s,
                   const std::string& text, const Stream& stream) {
  const TensorGrid grid{s.k, s.piece, (s.n + kColumns - 1) / kColumns, (s.m + kRows - 1) / kRows,
                        s.batch};
  const std::int64_t pieces = s.k == 0 ? 1 : (s.k + s.piece - 1) / s.piece;
  if (grid.across * grid.down > 0x7fffffff || pieces > 65535 || s.batch > 0x7fffffff)
    throw ShapeError(text + " is more than one launch can do; split it");
  constexpr auto kernel = tensor_kernel<Math, A, B, Out, kRows, kColumns, kWarps>;
  constexpr int kBytes = kTensorStages * (kRows + kColumns) * kDepthChunks * 16;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
        "cudaFuncSetAttribute", __FILE__, __LINE__);
  const dim3 blocks(static_cast<unsigned>(grid.across * grid.down), static_cast<unsigned>(pieces),
                    blocks_for(s.batch, 1));
  KERATIN_LAUNCH(kernel, blocks, 32 * kWarps, kBytes, stream, a, b, out, grid);
}

/// Tiles of 128 x 128 where they keep all multiprocessors busy, else of 64 x 64. Every sum is taken
/// in the same order in both, so that no result depends on the GPU.
template <class Math, int kWarpsOf128 = Math::kWarpsOf128, class A, class B, class Out>
void tensor_product(const A& a, const B& b, const Out& out, const TensorSizes& s,
                    const std::string& text, const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const std::int64_t pieces = s.k == 0 ? 1 : (s.k + s.piece - 1) / s.piece;
  const std::int64_t large = (s.m + 127) / 128 * ((s.n + 127) / 128) * pieces * s.batch;
  if (s.m > 64 && s.n > 64 && large >= multiprocessors(stream)) {
    launch_tensor<Math, 128, 128, kWarpsOf128>(a, b, out, s, text, stream);
  } else {
    launch_tensor<Math, 64, 64, 4>(a, b, out, s, text, stream);
  }
}

}  // namespace keratin::kernels::cuda
