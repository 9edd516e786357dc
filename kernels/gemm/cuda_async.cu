#include "kernels/gemm/product.cuh"

namespace keratin::kernels::cuda {
namespace {

constexpr int kTile = 128, kDepth = 16, kStages = 3, kThreads = 256, kPerThread = 8;
// 4 floats more a row: rows begin at multiples of 16 bytes, and not all in the same bank.
constexpr int kAlongDepth = kDepth + 4, kAlongTile = kTile + 4;

// A tile of an operand in shared memory as it lies in global memory: rows along k, or rows along
// the tile.
template <bool along_k>
struct Tile {
  static constexpr int kSize = along_k ? kTile * kAlongDepth : kDepth * kAlongTile;

  static __device__ __forceinline__ float at(const float* tile, int place, int depth) {
    return along_k ? tile[place * kAlongDepth + depth] : tile[depth * kAlongTile + place];
  }

  // Begins the copies of rows [place, place + kTile) and depths [k, k + kDepth); zeros outside.
  static __device__ __forceinline__ void fetch(float* tile, const float* from, std::int64_t ld,
                                               std::int64_t place, std::int64_t places,
                                               std::int64_t k, std::int64_t depth) {
    constexpr int kChunks = (along_k ? kDepth : kTile) / 4;  // of 4 floats, a row
    constexpr int kRows = along_k ? kTile : kDepth;
    for (int i = static_cast<int>(threadIdx.x); i < kRows * kChunks; i += kThreads) {
      const int row = i / kChunks, column = i % kChunks * 4;
      const std::int64_t r = (along_k ? place : k) + row, c = (along_k ? k : place) + column;
      const std::int64_t left = (along_k ? depth : places) - c;
      const bool inside = r < (along_k ? places : depth) && left > 0;
      const unsigned bytes = inside ? static_cast<unsigned>(left < 4 ? left : 4) * 4 : 0;
      copy_async_16(tile + row * (along_k ? kAlongDepth : kAlongTile) + column,
                    inside ? from + r * ld + c : from, bytes);
    }
  }
};

// 8 x 8 elements of C a thread, 128 x 128 a block; the tiles of the next two steps are on their way
// while those of this one are used.
template <bool trans_a, bool trans_b>
__global__ void __launch_bounds__(kThreads) gemm_kernel(Product p) {
  using TileA = Tile<!trans_a>;
  using TileB = Tile<trans_b>;
  constexpr int kStage = TileA::kSize + TileB::kSize;
  KERATIN_DYNAMIC_SHARED(float, stages);  // [kStages][kStage]
  const TilePlace place = tile_place(p.s, kTile, kTile);
  const int t = static_cast<int>(threadIdx.x), x = t % 16, y = t / 16;
  const std::int64_t steps = (p.s.k + kDepth - 1) / kDepth;
  for (std::int64_t q = blockIdx.z; q < p.s.batch; q += gridDim.z) {
    Product one = p;
    one.to(q);
    const auto fetch = [&](std::int64_t step) {
      if (step < steps) {
        float* const stage = stages + step % kStages * kStage;
        TileA::fetch(stage, one.a, p.s.lda, place.row, p.s.m, step * kDepth, p.s.k);
        TileB::fetch(stage + TileA::kSize, one.b, p.s.ldb, place.column, p.s.n, step * kDepth,
                     p.s.k);
      }
      commit_async();  // an empty group too: the wait below counts groups
    };
    float sums[kPerThread][kPerThread] = {};
    for (int step = 0; step < kStages - 1; ++step) fetch(step);
    for (std::int64_t step = 0; step < steps; ++step) {
      wait_async<kStages - 2>();
      // Now this step's tiles are there, and nobody reads the stage that is filled next.
      __syncthreads();
      fetch(step + kStages - 1);
      const float* const tile_a = stages + step % kStages * kStage;
      const float* const tile_b = tile_a + TileA::kSize;
#pragma unroll
      for (int d = 0; d < kDepth; ++d) {
        float left[kPerThread], right[kPerThread];
#pragma unroll
        for (int i = 0; i < kPerThread; ++i) left[i] = TileA::at(tile_a, y + 16 * i, d);
#pragma unroll
        for (int j = 0; j < kPerThread; ++j) right[j] = TileB::at(tile_b, x + 16 * j, d);
#pragma unroll
        for (int i = 0; i < kPerThread; ++i)
#pragma unroll
          for (int j = 0; j < kPerThread; ++j) sums[i][j] += left[i] * right[j];
      }
    }
    wait_async<0>();
    __syncthreads();  // before the next product's tiles
#pragma unroll
    for (int i = 0; i < kPerThread; ++i)
#pragma unroll
      for (int j = 0; j < kPerThread; ++j)
        one.store(place.row + y + 16 * i, place.column + x + 16 * j, sums[i][j]);
  }
}

template <bool trans_a, bool trans_b>
void launch(const Product& p, const Stream& stream) {
  constexpr auto kernel = gemm_kernel<trans_a, trans_b>;
  constexpr int kBytes =
      static_cast<int>(sizeof(float)) * kStages * (Tile<!trans_a>::kSize + Tile<trans_b>::kSize);
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
        "cudaFuncSetAttribute", __FILE__, __LINE__);
  KERATIN_LAUNCH(kernel, grid_for(p.s, kTile, kTile), kThreads, kBytes, stream, p);
}

}  // namespace

bool gemm_async_applies(const GemmShape& s) {
  return s.lda % 4 == 0 && s.ldb % 4 == 0 && s.stride_a % 4 == 0 && s.stride_b % 4 == 0;
}

void gemm_async(const float* a, const float* b, float* c, const Epilogue<float>& e,
                const GemmShape& s, const Stream& stream) {
  if (s.m == 0 || s.n == 0 || s.batch == 0) return;
  const auto place = [](const float* p) { return reinterpret_cast<std::uintptr_t>(p); };
  if ((place(a) | place(b)) % 16 != 0) return gemm_registers(a, b, c, e, s, stream);
  const Product p = product(a, b, c, e, s);
  if (s.trans_a) {
    s.trans_b ? launch<true, true>(p, stream) : launch<true, false>(p, stream);
  } else {
    s.trans_b ? launch<false, true>(p, stream) : launch<false, false>(p, stream);
  }
}

}  // namespace keratin::kernels::cuda
