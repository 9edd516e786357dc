// Matrix products on Hopper's tensor cores:  out = A B,  A [m, k], B [k, n] of bfloat16, or of float32
// rounded to TF32, sums of float32.
//
// Blocks stay for the whole launch, one a multiprocessor, and make tile after tile of 128 rows. One
// thread copies boxes of A and B by TMA into kStages stages of shared memory; two warpgroups multiply
// them, 64 rows each (wgmma). A stage has two mbarriers: `filled`, its bytes are there, and `emptied`,
// all warps are done with it. While sums are stored the next tile's operands come. After NVIDIA
// CUTLASS (persistent, cooperative) and DeepGEMM.
//
// Of an operand a stage has rows of 128 bytes, swizzled by TMA: a row a place where k lies together, as
// wgmma asks of float32; else a row a k, boxes of 64 places one after the other.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/cuda/hopper.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/tensor_map.cuh"
#include "kernels/cuda/tile_order.cuh"
#include "kernels/error.h"

namespace keratin::kernels::cuda {

struct WarpgroupTiles {
  static constexpr int kRows = 128, kStages = 4, kThreads = 3 * 128;
  static constexpr unsigned kBox = 64 * 128;  // bytes of 64 places
  template <class T>
  static constexpr int kDepth = 128 / static_cast<int>(sizeof(T));
  static constexpr unsigned kPattern = 1024;  // the swizzle repeats: stages begin at multiples
  static constexpr unsigned stage(int columns) { return (kRows + columns) / 64 * kBox; }
};

/// Tiles of the products: `across` of columns, `down` of rows, `tiles` of all; steps of k each.
/// Numbers of 32 bits: to divide by longer ones is a call, which would take registers that the
/// copying warpgroup has left.
struct WarpgroupGrid {
  unsigned across, down, tiles;
  int steps;
  bool batch_a, batch_b;  // has each product its own?
};

/// The stage that is next, and the parity of the phases of its mbarriers in this round.
struct WarpgroupStage {
  int at = 0;
  unsigned parity = 0;
  __device__ __forceinline__ void go_on() {
    if (++at == WarpgroupTiles::kStages) {
      at = 0;
      parity ^= 1;
    }
  }
};

#ifdef KERATIN_HOPPER

/// Copies of `places` places of an operand from (place, k) of product q on.
template <bool along_k, int kPlaces>
__device__ __forceinline__ void copy_operand(unsigned char* to, const CUtensorMap& map,
                                             std::uint64_t* barrier, int place, int k, int q) {
  if constexpr (along_k) {
    copy_box(to, map, barrier, k, place, q);
  } else {
#pragma unroll
    for (int i = 0; i < kPlaces / 64; ++i)
      copy_box(to + i * WarpgroupTiles::kBox, map, barrier, place + 64 * i, k, q);
  }
}

/// Of an operand at `address`; 32 bytes of k further on it is kStep more.
template <bool along_k>
struct WarpgroupOperand {
  static constexpr unsigned kStep = (along_k ? 32 : 16 * 128) / 16;
  static __device__ __forceinline__ std::uint64_t descriptor(unsigned address) {
    return operand_descriptor(address, along_k ? 16 : WarpgroupTiles::kBox, 8 * 128);
  }
};

/// A lane's pairs of columns 2 t, of four blocks of 8 columns, become all columns of block t: pair s
/// then comes from lane s of the four.
__device__ __forceinline__ void gather_columns(float (&pairs)[4][2]) {
  const unsigned t = threadIdx.x % 4;
#pragma unroll
  for (unsigned bit = 1; bit <= 2; bit *= 2) {
    const bool upper = (t & bit) != 0;
#pragma unroll
    for (unsigned p = 0; p < 4; ++p) {
      if ((p & bit) != 0) continue;
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const float low = pairs[p][e], high = pairs[p | bit][e];
        const float other = __shfl_xor_sync(0xffffffffU, upper ? low : high, static_cast<int>(bit));
        pairs[p][e] = upper ? other : low;
        pairs[p | bit][e] = upper ? high : other;
      }
    }
  }
}
#endif

template <class T, bool a_along_k, bool b_along_k, int kColumns, class Out>
__global__ void __launch_bounds__(WarpgroupTiles::kThreads, 1)
    warpgroup_kernel(const __grid_constant__ CUtensorMap map_a,
                     const __grid_constant__ CUtensorMap map_b, Out all_out, WarpgroupGrid grid) {
#ifdef KERATIN_HOPPER
  using Tiles = WarpgroupTiles;
  constexpr int kStages = Tiles::kStages, kDepth = Tiles::kDepth<T>, kConsumers = 2;
  constexpr unsigned kBytesOfA = Tiles::kRows / 64 * Tiles::kBox, kStage = Tiles::stage(kColumns);
  KERATIN_SHARED(std::uint64_t, filled, [kStages]);
  KERATIN_SHARED(std::uint64_t, emptied, [kStages]);
  KERATIN_DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* const stages =
      memory + (Tiles::kPattern - shared_address(memory) % Tiles::kPattern) % Tiles::kPattern;
  const int warpgroup = static_cast<int>(threadIdx.x) / 128;
  if (threadIdx.x == 0) {
    for (int s = 0; s < kStages; ++s) {
      init_mbarrier(&filled[s], 1);
      init_mbarrier(&emptied[s], 4 * kConsumers);
    }
    publish_mbarriers();
    prefetch_map(map_a);
    prefetch_map(map_b);
  }
  __syncthreads();

  // The place of a tile's first element, and its product.
  const auto find = [&](unsigned tile, int& row, int& column) {
    const unsigned each = grid.across * grid.down;
    unsigned down, across;
    place_of_tile(tile % each, grid.across, grid.down, down, across);
    row = static_cast<int>(down) * Tiles::kRows;
    column = static_cast<int>(across) * kColumns;
    return static_cast<int>(tile / each);
  };
  WarpgroupStage stage;
  if (warpgroup == 0) {
    leave_registers<40>();
    if (threadIdx.x != 0) return;
    for (unsigned tile = blockIdx.x; tile < grid.tiles; tile += gridDim.x) {
      int row, column;
      const int q = find(tile, row, column);
      for (int step = 0; step < grid.steps; ++step, stage.go_on()) {
        unsigned char* const to = stages + stage.at * kStage;
        std::uint64_t* const barrier = &filled[stage.at];
        wait_for_phase(&emptied[stage.at], stage.parity ^ 1);
        arrive_and_expect(barrier, kStage);
        copy_operand<a_along_k, Tiles::kRows>(to, map_a, barrier, row, step * kDepth,
                                              grid.batch_a ? q : 0);
        copy_operand<b_along_k, kColumns>(to + kBytesOfA, map_b, barrier, column, step * kDepth,
                                          grid.batch_b ? q : 0);
      }
    }
    return;
  }

  take_registers<232>();
  using OperandA = WarpgroupOperand<a_along_k>;
  using OperandB = WarpgroupOperand<b_along_k>;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first_row = static_cast<int>(threadIdx.x) / 32 * 16 - 64 + lane / 4;
  const unsigned mine = shared_address(stages);
  const std::uint64_t first_a = OperandA::descriptor(mine + static_cast<unsigned>(warpgroup - 1) *
                                                                Tiles::kBox),
                      first_b = OperandB::descriptor(mine + kBytesOfA);
  const auto release = [&](int of) {
    if (lane == 0) arrive(&emptied[of]);
  };
  for (unsigned tile = blockIdx.x; tile < grid.tiles; tile += gridDim.x) {
    float sums[kColumns / 2];
    int before = 0;  // the stage of the step before
    for (int step = 0; step < grid.steps; ++step, stage.go_on()) {
      const std::uint64_t a = first_a + static_cast<unsigned>(stage.at) * (kStage / 16),
                          b = first_b + static_cast<unsigned>(stage.at) * (kStage / 16);
      wait_for_phase(&filled[stage.at], stage.parity);
      fence_products();
#pragma unroll
      for (unsigned i = 0; i < 4; ++i) {
        multiply_async<T, a_along_k, b_along_k>(sums, a + i * OperandA::kStep,
                                                b + i * OperandB::kStep, step > 0 || i > 0);
      }
      commit_products();
      wait_for_products<1>();
      if (step > 0) release(before);
      before = stage.at;
    }
    wait_for_products<0>();
    release(before);

    int row, column;
    Out out = all_out;
    out.to(find(tile, row, column));
#pragma unroll
    for (int block = 0; block < kColumns / 8; block += 4) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float pairs[4][2];
#pragma unroll
        for (int p = 0; p < 4; ++p)
#pragma unroll
          for (int e = 0; e < 2; ++e) pairs[p][e] = sums[4 * (block + p) + 2 * half + e];
        gather_columns(pairs);
        out.store_eight(std::int64_t{row} + first_row + 8 * half,
                        std::int64_t{column} + 8 * (block + lane % 4), pairs);
      }
    }
  }
#elif defined(__CUDA_ARCH__)
  __trap();  // no code for this GPU: is_hopper() tells
#endif
}

/// What is multiplied, as A [m, k] and B [n, k] lie: see MappedMatrices, of which [k, m] or [k, n]
/// are the rows where not along_k.
template <bool a_along_k, bool b_along_k, int kColumns, class T, class Out>
void launch_warpgroup(const MappedMatrices<T>& a, const MappedMatrices<T>& b, const Out& out,
                      std::int64_t batch, const std::string& text, const Stream& stream) {
  using Tiles = WarpgroupTiles;
  constexpr int kDepth = Tiles::kDepth<T>;
  const auto [m, k] = a_along_k ? std::pair(a.rows, a.columns) : std::pair(a.columns, a.rows);
  const std::int64_t n = b_along_k ? b.rows : b.columns;
  const std::int64_t across = (n + kColumns - 1) / kColumns,
                     down = (m + Tiles::kRows - 1) / Tiles::kRows;
  if (across > 0xffff'ffff / down || across * down > 0x7fff'ffff / batch)
    throw ShapeError(text + " is more than one launch can do; split it");
  const WarpgroupGrid grid{static_cast<unsigned>(across),
                           static_cast<unsigned>(down),
                           static_cast<unsigned>(across * down * batch),
                           static_cast<int>((k + kDepth - 1) / kDepth),
                           a.stride != 0,
                           b.stride != 0};
  constexpr auto kernel = warpgroup_kernel<T, a_along_k, b_along_k, kColumns, Out>;
  constexpr int kBytes = Tiles::kStages * Tiles::stage(kColumns) + Tiles::kPattern;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
        "cudaFuncSetAttribute", __FILE__, __LINE__);
  const auto blocks =
      static_cast<unsigned>(std::min<std::int64_t>(grid.tiles, multiprocessors(stream)));
  KERATIN_LAUNCH(kernel, dim3(blocks), dim3(Tiles::kThreads), kBytes, stream,
                 tensor_map(a, a_along_k ? Tiles::kRows : kDepth),
                 tensor_map(b, b_along_k ? kColumns : kDepth), out, grid);
}

/// Tiles of 128 x 256 where they keep all multiprocessors busy, else of 128 x 128; sums are taken in
/// the same order. No size is 0.
template <bool a_along_k, bool b_along_k, class T, class Out>
void warpgroup_product(const MappedMatrices<T>& a, const MappedMatrices<T>& b, const Out& out,
                       std::int64_t batch, const std::string& text, const Stream& stream) {
  const std::int64_t m = a_along_k ? a.rows : a.columns, n = b_along_k ? b.rows : b.columns;
  if (n > 128 && (m + 127) / 128 * ((n + 255) / 256) * batch >= multiprocessors(stream)) {
    launch_warpgroup<a_along_k, b_along_k, 256>(a, b, out, batch, text, stream);
  } else {
    launch_warpgroup<a_along_k, b_along_k, 128>(a, b, out, batch, text, stream);
  }
}

}  // namespace keratin::kernels::cuda
