// A product on Hopper's tensor cores as kernels/cuda/warpgroup_product.cuh makes it, small enough for
// planted defects: one tile, two stages, one warpgroup that multiplies.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "kernels/cuda/hopper.cuh"
#include "tests/cuda_emulation/defect.h"

namespace hopper {

using namespace keratin::kernels::cuda;

inline constexpr int kStages = 2, kSteps = 5, kRows = 64, kColumns = 128, kDepth = 64;
inline constexpr unsigned kBytesOfA = kRows * 128, kStage = (kRows + kColumns) * 128;

// C [64, 128] = A [64, 320] B, B lies as [128, 320].
template <Defect defect>
__global__ void streamed_product(const __grid_constant__ CUtensorMap a,
                                 const __grid_constant__ CUtensorMap b, float* c) {
  KERATIN_SHARED(std::uint64_t, filled, [kStages]);
  KERATIN_SHARED(std::uint64_t, emptied, [kStages]);
  KERATIN_DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* const stages = memory + (1024 - shared_address(memory) % 1024) % 1024;
  if (threadIdx.x == 0) {
    for (int s = 0; s < kStages; ++s) {
      init_mbarrier(&filled[s], 1);
      init_mbarrier(&emptied[s], 4);
    }
    if (defect != unpublished_mbarrier) publish_mbarriers();
  }
  __syncthreads();
  const unsigned warp = threadIdx.x % 128 / 32, lane = threadIdx.x % 32;
  if (threadIdx.x < 128) {
    if (threadIdx.x != 0) return;
    for (int step = 0; step < kSteps; ++step) {
      const int stage = step % kStages;
      unsigned char* const to = stages + static_cast<unsigned>(stage) * kStage;
      const auto round = static_cast<unsigned>(step / kStages);
      if (defect != stage_not_awaited) wait_for_phase(&emptied[stage], (round + 1) % 2);
      arrive_and_expect(&filled[stage], kStage);
      copy_box(to, a, &filled[stage], step * kDepth, 0, 0);
      copy_box(to + kBytesOfA, b, &filled[stage], step * kDepth, 0, 0);
    }
    return;
  }
  float sums[kColumns / 2] = {};
  for (int step = 0; step < kSteps; ++step) {
    const int stage = step % kStages;
    const unsigned at = shared_address(stages) + static_cast<unsigned>(stage) * kStage;
    const unsigned stride = defect == wrong_stride ? 512 : 1024;
    const std::uint64_t of_a = operand_descriptor(at, 16, 1024),
                        of_b = operand_descriptor(at + kBytesOfA, 16, stride);
    const auto round = static_cast<unsigned>(step / kStages);
    const auto release = [&] {
      if (lane == 0 && (defect != lost_arrival || warp != 0)) arrive(&emptied[stage]);
    };
    wait_for_phase(&filled[stage], defect == wrong_parity ? (round + 1) % 2 : round % 2);
    if (defect != no_product_fence) fence_products();
    for (unsigned i = 0; i < 4; ++i)
      multiply_async<std::uint16_t, true, true>(sums, of_a + 2 * i, of_b + 2 * i,
                                                step > 0 || i > 0);
    commit_products();
    if (defect == early_release) release();
    if (defect != no_product_wait || step + 1 < kSteps) wait_for_products<0>();
    if (defect != early_release) release();
  }
  for (unsigned i = 0; i < kColumns / 2; ++i) {
    const unsigned row = 16 * warp + lane / 4 + i / 2 % 2 * 8;
    c[row * kColumns + i / 4 * 8 + lane % 4 * 2 + i % 2] = sums[i];
  }
  if (defect == no_product_wait) wait_for_products<0>();
}

inline CUtensorMap map_of(const std::uint16_t* at, unsigned rows) {
  const cuuint64_t sizes[3] = {kSteps * kDepth, rows, 1},
                   strides[2] = {kSteps * kDepth * 2, std::uint64_t{kSteps} * kDepth * 2 * rows};
  const cuuint32_t box[3] = {kDepth, rows, 1}, steps[3] = {1, 1, 1};
  CUtensorMap map;
  cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3, const_cast<std::uint16_t*>(at),
                         sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                         CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                         CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  return map;
}

}  // namespace hopper

template <Defect defect>
bool streamed_product_right() {
  constexpr std::size_t kLength = hopper::kSteps * hopper::kDepth;
  // Small whole numbers: exact in bf16, and so are their sums in float32.
  const auto number = [](std::size_t i) { return static_cast<float>(i * 7 % 13) - 6; };
  const auto matrix = [&](std::size_t rows, std::size_t from) {
    std::vector<std::uint16_t> bits(rows * kLength);
    for (std::size_t i = 0; i < bits.size(); ++i)
      bits[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(number(i + from)) >> 16);
    return bits;
  };
  const auto a = matrix(hopper::kRows, 0), b = matrix(hopper::kColumns, 5);
  std::vector<float> c(hopper::kRows * hopper::kColumns);
  constexpr auto kernel = hopper::streamed_product<defect>;
  constexpr int kBytes = hopper::kStages * hopper::kStage + 1024;
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  KERATIN_RAW_LAUNCH(kernel, dim3(1), dim3(256), kBytes, nullptr,
                     hopper::map_of(a.data(), hopper::kRows),
                     hopper::map_of(b.data(), hopper::kColumns), c.data());
  for (std::size_t i = 0; i < hopper::kRows; ++i) {
    for (std::size_t j = 0; j < hopper::kColumns; ++j) {
      float sum = 0;
      for (std::size_t k = 0; k < kLength; ++k)
        sum += number(i * kLength + k) * number(j * kLength + k + 5);
      if (c[i * hopper::kColumns + j] != sum) return false;
    }
  }
  return true;
}
