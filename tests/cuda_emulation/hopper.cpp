// The emulation's mbarriers, TMA and wgmma against plain arithmetic, layouts as the PTX ISA puts them.
#include "kernels/cuda/hopper.cuh"

#include <bit>

#include "kernels/bfloat16.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

namespace gpu = kernels::cuda;

template <class Kernel, class... Arguments>
std::vector<std::string> launched(Kernel kernel, unsigned threads, const Arguments&... arguments) {
  KERATIN_RAW_LAUNCH(kernel, dim3(1), dim3(threads), std::size_t{40} << 10, nullptr, arguments...);
  cudaGetLastError();
  return cuda_emulation::take_reports();
}
bool holds(const std::vector<std::string>& reports, const char* part) {
  return !reports.empty() && reports[0].find(part) != std::string::npos;
}

__device__ unsigned char* at_pattern(unsigned char* memory) {
  return memory + (1024 - gpu::shared_address(memory) % 1024) % 1024;
}

// Where a swizzle puts chunk `chunk` of row `row` of a pattern, rows of `span` bytes: with 128, eight
// chunks trade places by the row; with 64, four by every other row; with 32, two by every fourth.
unsigned chunk_place(unsigned row, unsigned chunk, unsigned span) {
  if (span == 16) return row * 16;
  return row * span + (chunk ^ row / (128 / span) % (span / 16)) * 16;
}

CUtensorMap map_of(const std::uint16_t* from, std::vector<cuuint64_t> sizes,
                   std::vector<cuuint64_t> strides, std::vector<cuuint32_t> box, unsigned span) {
  const cuuint32_t steps[3] = {1, 1, 1};
  CUtensorMap map{};
  CHECK(cuTensorMapEncodeTiled(
            &map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, static_cast<cuuint32_t>(sizes.size()),
            const_cast<std::uint16_t*>(from), sizes.data(), strides.data(), box.data(), steps,
            CU_TENSOR_MAP_INTERLEAVE_NONE,
            static_cast<CUtensorMapSwizzle>(std::countr_zero(span) - 4),
            CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS);
  return map;
}

__global__ void copy_kernel(const __grid_constant__ CUtensorMap map, int x, int y, int z,
                            unsigned bytes, unsigned off, std::uint16_t* to) {
  KERATIN_SHARED(std::uint64_t, filled, [1]);
  KERATIN_DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* const box = at_pattern(memory) + off;
  if (threadIdx.x == 0) {
    gpu::init_mbarrier(filled, 1);
    gpu::publish_mbarriers();
    gpu::arrive_and_expect(filled, bytes);
    gpu::copy_box(box, map, filled, x, y, z);
  }
  __syncthreads();
  gpu::wait_for_phase(filled, 0);
  for (unsigned i = threadIdx.x; i < bytes / 2; i += blockDim.x)
    to[i] = reinterpret_cast<const std::uint16_t*>(box)[i];
}

// Operands' bytes as they are to lie in shared memory, A's 16 KiB and B's.
constexpr unsigned kOperand = 16384;
__global__ void product_kernel(const unsigned char* operands, std::uint64_t a, std::uint64_t b,
                               bool a_along_k, bool b_along_k, bool tf32, float* c) {
  KERATIN_DYNAMIC_SHARED(unsigned char, memory);
  unsigned char* const shared = at_pattern(memory);
  for (unsigned i = threadIdx.x; i < 2 * kOperand; i += blockDim.x) shared[i] = operands[i];
  gpu::publish_mbarriers();
  __syncthreads();
  const unsigned at = gpu::shared_address(shared);
  a += at >> 4;
  b += (at + kOperand) >> 4;
  float* const sums = c + threadIdx.x * 64;
  const auto multiply = [&]<bool of_a, bool of_b>() {
    gpu::multiply_async<std::uint16_t, of_a, of_b>(*reinterpret_cast<float(*)[64]>(sums), a, b,
                                                   true);
  };
  gpu::fence_products();
  if (tf32)
    gpu::multiply_async<float, true, true>(*reinterpret_cast<float(*)[64]>(sums), a, b, true);
  else if (a_along_k)
    b_along_k ? multiply.operator()<true, true>() : multiply.operator()<true, false>();
  else
    b_along_k ? multiply.operator()<false, true>() : multiply.operator()<false, false>();
  gpu::commit_products();
  gpu::wait_for_products<0>();
}

// An operand [places, 32 bytes] in one of the layouts that a descriptor can give.
struct Layout {
  unsigned span, leading, stride;
  bool along_k;
  unsigned element = 2;
  unsigned byte(unsigned place, unsigned k) const {
    const unsigned chunks = span / 16;
    if (along_k) {  // core matrices of eight places, chunks of eight k, or four
      const unsigned group = place / 8 * stride, each = 16 / element, rest = k % each * element;
      if (span == 16) return group + place % 8 * 16 + k / each * leading + rest;
      return group + chunk_place(place % 8, k / each, span) + rest;
    }
    const unsigned chunk = place / 8;
    if (span == 16) return chunk * stride + k % 8 * 16 + k / 8 * leading + place % 8 * 2;
    return chunk / chunks * leading + k / 8 * stride + chunk_place(k % 8, chunk % chunks, span) +
           place % 8 * 2;
  }
  std::uint64_t descriptor() const {
    constexpr std::uint64_t kModes[] = {0, 3, 2, 1};  // of 16, 32, 64, 128 bytes
    return std::uint64_t{leading / 16} << 16 | std::uint64_t{stride / 16} << 32 |
           kModes[std::countr_zero(span) - 4] << 62;
  }
};

}  // namespace

TEST_CASE("cuda emulation: TMA copies boxes, swizzled, zeros outside") {
  std::vector<std::uint16_t> storage(2 * 20 * 72 + 8);
  std::uint16_t* from = storage.data();
  while (reinterpret_cast<std::uintptr_t>(from) % 16 != 0) ++from;
  for (unsigned i = 0; i < 2 * 20 * 72; ++i) from[i] = static_cast<std::uint16_t>(i + 1);
  for (const unsigned span : {16U, 32U, 64U, 128U}) {
    const unsigned width = span / 2, rows = 10;
    // Matrices [20, 70] whose rows are 72 elements apart.
    const auto map = map_of(from, {70, 20, 2}, {144, 144 * 20}, {width, rows, 2}, span);
    for (const auto& [x, y, z] : {std::array{0, 0, 0}, std::array{40, 15, 1}, std::array{-3, -2, 0},
                                  std::array{100, 0, 0}}) {
      CAPTURE(span);
      CAPTURE(x);
      use_next_emulated_order();
      std::vector<std::uint16_t> to(width * rows * 2);
      const unsigned bytes = static_cast<unsigned>(to.size()) * 2;
      CHECK(launched(copy_kernel, 32, map, x, y, z, bytes, 0U, to.data()).empty());
      int wrong = 0;
      for (unsigned i = 0; i < to.size(); ++i) {
        const unsigned row = i / width, column = i % width;
        const int px = x + static_cast<int>(column), py = y + static_cast<int>(row % rows),
                  pz = z + static_cast<int>(row / rows);
        const bool inside = px >= 0 && px < 70 && py >= 0 && py < 20 && pz < 2;
        const auto expected = inside ? (pz * 20 + py) * 72 + px + 1 : 0;
        const unsigned byte = row / 8 * 8 * span + chunk_place(row % 8, column / 8, span);
        wrong += to[byte / 2 + column % 8] != expected;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("cuda emulation: what TMA does not take is reported") {
  alignas(16) std::uint16_t from[64 * 8]{};
  std::vector<std::uint16_t> room(512);
  std::uint16_t* const to = room.data();
  const auto map = map_of(from, {64, 8, 1}, {128, 1024}, {64, 8, 1}, 128);
  CHECK(launched(copy_kernel, 32, map, 0, 0, 0, 1024U, 0U, to).empty());
  CHECK(holds(launched(copy_kernel, 32, map, 0, 0, 0, 1024U, 128U, to), "no multiple of 1024"));
  // A phase that waits for more than comes, or less.
  CHECK(holds(launched(copy_kernel, 32, map, 0, 0, 0, 1040U, 0U, to), "never completes"));
  CHECK(holds(launched(copy_kernel, 32, map, 0, 0, 0, 1008U, 0U, to), "never completes"));
  CHECK(holds(launched(copy_kernel, 32, CUtensorMap{}, 0, 0, 0, 1024U, 0U, to), "is none"));
  const cuuint64_t sizes[2] = {64, 8}, strides[1] = {120};
  const cuuint32_t box[2] = {64, 8}, steps[2] = {1, 1};
  CUtensorMap bad;
  const auto code = [&](const void* at, const cuuint64_t* apart, CUtensorMapSwizzle swizzle) {
    return cuTensorMapEncodeTiled(&bad, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<void*>(at),
                                  sizes, apart, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle,
                                  CU_TENSOR_MAP_L2_PROMOTION_NONE,
                                  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  };
  const cuuint64_t right[1] = {128};
  CHECK(code(from, right, CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_SUCCESS);
  CHECK(code(from, strides, CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_ERROR_INVALID_VALUE);
  CHECK(code(from + 1, right, CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_ERROR_INVALID_VALUE);
  CHECK(code(from, right, CU_TENSOR_MAP_SWIZZLE_64B) == CUDA_ERROR_INVALID_VALUE);  // box too wide
}

TEST_CASE("cuda emulation: wgmma reads operands in every layout that descriptors give") {
  const auto left = normal_values<float>(64 * 16, 1), right = normal_values<float>(128 * 16, 2),
             before = normal_values<float>(64 * 128, 3);
  for (const unsigned span : {16U, 32U, 64U, 128U}) {
    for (int flags = 0; flags < 5; ++flags) {  // 4: tf32, along k both
      CAPTURE(span);
      CAPTURE(flags);
      use_next_emulated_order();
      const bool tf32 = flags == 4;
      const unsigned element = tf32 ? 4 : 2, depth = 32 / element, core = 8 * span;
      const auto rounded = [&](float x) {
        return tf32 ? std::bit_cast<float>(std::bit_cast<unsigned>(x) & 0xffffe000U)
                    : kernels::to_float(kernels::to_bfloat16(x));
      };
      // Distances that differ from each other and from what lies close.
      const auto layout = [&](bool along_k) {
        if (along_k)
          return Layout{span, span == 16 ? 8192U : 16U, span == 128 ? core : 2 * core, true,
                        element};
        return span == 16 ? Layout{span, 4096, 256, false} : Layout{span, 2 * core, core, false};
      };
      const Layout of_a = layout(flags & 1 || tf32), of_b = layout(flags & 2 || tf32);
      std::vector<unsigned char> bytes(2 * kOperand, 0xff);
      const auto put = [&](const Layout& where, unsigned first, const std::vector<float>& x) {
        for (unsigned i = 0; i < x.size() / 16 * depth; ++i) {
          const unsigned place = i / depth, k = i % depth, at = first + where.byte(place, k);
          const float value = x[place * 16 + k];  // of which tf32 ignores the lower bits
          const unsigned bits =
              tf32 ? std::bit_cast<unsigned>(value) : kernels::to_bfloat16(value).bits;
          REQUIRE(at + element <= first + kOperand);
          std::memcpy(&bytes[at], &bits, element);
        }
      };
      put(of_a, 0, left);
      put(of_b, kOperand, right);
      // d[i] of thread t of the warpgroup.
      const auto row = [](unsigned t, unsigned i) {
        return t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8;
      };
      const auto column = [](unsigned t, unsigned i) { return i / 4 * 8 + t % 4 * 2 + i % 2; };
      std::vector<float> c(128 * 64);
      for (unsigned t = 0; t < 128; ++t)
        for (unsigned i = 0; i < 64; ++i) c[t * 64 + i] = before[row(t, i) * 128 + column(t, i)];
      CHECK(launched(product_kernel, 128, bytes.data(), of_a.descriptor(), of_b.descriptor(),
                     of_a.along_k, of_b.along_k, tf32, c.data())
                .empty());
      int wrong = 0;
      for (unsigned t = 0; t < 128; ++t) {
        for (unsigned i = 0; i < 64; ++i) {
          float sum = before[row(t, i) * 128 + column(t, i)];
          for (unsigned k = 0; k < depth; ++k)
            sum += rounded(left[row(t, i) * 16 + k]) * rounded(right[column(t, i) * 16 + k]);
          wrong += c[t * 64 + i] != sum;
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("cuda emulation: what wgmma does not take is reported") {
  const std::vector<unsigned char> bytes(2 * kOperand);
  std::vector<float> c(192 * 64);
  const Layout layout{128, 16, 1024, true};
  const auto with = [&](std::uint64_t a, unsigned threads) {
    return launched(product_kernel, threads, bytes.data(), a, layout.descriptor(), true, true,
                    false, c.data());
  };
  CHECK(with(layout.descriptor(), 128).empty());
  CHECK(holds(with(layout.descriptor(), 64), "whole warpgroups"));
  CHECK(holds(with(layout.descriptor() | std::uint64_t{1} << 49, 128), "base offset"));
  CHECK(holds(with(Layout{128, 16, 65536, true}.descriptor(), 128), "past the block's"));
}

}  // namespace keratin::tests
