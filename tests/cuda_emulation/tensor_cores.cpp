// The emulation's tensor cores against plain arithmetic, fragments as the PTX ISA's formulas put
// them.
#include "kernels/cuda/tensor_cores.cuh"

#include <array>

#include "kernels/bfloat16.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

namespace gpu = kernels::cuda;

template <class Kernel, class... Arguments>
std::vector<std::string> launched(Kernel kernel, unsigned threads, const Arguments&... arguments) {
  KERATIN_RAW_LAUNCH(kernel, dim3(1), dim3(threads), 4096, nullptr, arguments...);
  cudaGetLastError();
  return cuda_emulation::take_reports();
}

struct At {
  unsigned row, column;
};
// PTX ISA, 9.7.14 (mma): groupID = lane >> 2, threadID_in_group = lane % 4.
At a_of_m16n8k16(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, thread = lane % 4;
  return {i < 2 || (4 <= i && i < 6) ? group : group + 8,
          i < 4 ? thread * 2 + (i & 1) : thread * 2 + (i & 1) + 8};
}
At b_of_m16n8k16(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, thread = lane % 4;
  return {i < 2 ? thread * 2 + (i & 1) : thread * 2 + (i & 1) + 8, group};
}
At a_of_m16n8k8(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, thread = lane % 4;
  return {i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4};
}
At b_of_m16n8k8(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, thread = lane % 4;
  return {i == 0 ? thread : thread + 4, group};
}
At c_of_both(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, thread = lane % 4;
  return {i < 2 ? group : group + 8, thread * 2 + (i & 1)};
}

struct Registers {
  unsigned a[4], b[2];
  float c[4];
};
using Warp = std::array<Registers, 32>;

__global__ void bf16_kernel(Registers* warp) {
  Registers& mine = warp[threadIdx.x];
  gpu::multiply_bf16(mine.c, mine.a, mine.b);
}
__global__ void tf32_kernel(Registers* warp) {
  Registers& mine = warp[threadIdx.x];
  gpu::multiply_tf32(mine.c, mine.a, mine.b);
}

// Products of [16, depth] and [depth, 8], added to c in the order of k.
template <unsigned depth>
struct Matrices {
  std::vector<float> a, b, c;
  float sum(unsigned row, unsigned column) const {
    float total = c[row * 8 + column];
    for (unsigned k = 0; k < depth; ++k) total += a[row * depth + k] * b[k * 8 + column];
    return total;
  }
};
template <unsigned depth>
void check_sums(const Warp& warp, const Matrices<depth>& m) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    CAPTURE(lane);
    for (unsigned i = 0; i < 4; ++i) {
      const At at = c_of_both(lane, i);
      CHECK(warp[lane].c[i] == m.sum(at.row, at.column));
    }
  }
}

__global__ void copy_rows_kernel(const std::uint16_t* from, unsigned* to, int count, bool trans) {
  KERATIN_DYNAMIC_SHARED(std::uint16_t, shared);
  for (int i = 0; i < 8; ++i) shared[threadIdx.x * 8 + i] = from[threadIdx.x * 8 + i];
  __syncwarp();
  const std::uint16_t* const row = shared + threadIdx.x * 8;
  unsigned four[4]{}, two[2]{}, one[1]{};
  if (count == 4)
    trans ? gpu::load_matrices<true>(four, row) : gpu::load_matrices<false>(four, row);
  if (count == 2) trans ? gpu::load_matrices<true>(two, row) : gpu::load_matrices<false>(two, row);
  if (count == 1) trans ? gpu::load_matrices<true>(one, row) : gpu::load_matrices<false>(one, row);
  for (int i = 0; i < count; ++i)
    to[threadIdx.x * 4 + i] = count == 4 ? four[i] : count == 2 ? two[i] : one[i];
}

// Row `lane` of a matrix whose rows are `stride` bytes apart; chunks of 16 bytes trade places.
__global__ void strided_kernel(unsigned stride, unsigned offset, unsigned swizzle) {
  KERATIN_DYNAMIC_SHARED(unsigned char, shared);
  for (unsigned i = threadIdx.x; i < 4096; i += 32) shared[i] = 0;
  __syncwarp();
  unsigned to[1];
  const unsigned row = threadIdx.x % 8, chunk = (row & swizzle);
  gpu::load_matrices<false>(to, shared + row * stride + chunk * 16 + offset);
  gpu::load_shared(reinterpret_cast<const float*>(shared + threadIdx.x * stride / 4));
}

}  // namespace

TEST_CASE("cuda emulation: mma.m16n8k16 of bf16 is the product, exactly, in the order of k") {
  Matrices<16> m{normal_values<float>(256, 1), normal_values<float>(128, 2),
                 normal_values<float>(128, 3)};
  for (auto* const operand : {&m.a, &m.b})
    for (float& x : *operand) x = kernels::to_float(kernels::to_bfloat16(x));
  for (int order = 0; order < 3; ++order) {
    use_next_emulated_order();
    Warp warp{};
    const auto put = [](unsigned* registers, unsigned i, float value) {
      registers[i / 2] |= static_cast<unsigned>(kernels::to_bfloat16(value).bits) << (16 * (i & 1));
    };
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned i = 0; i < 8; ++i) {
        const At at = a_of_m16n8k16(lane, i);
        put(warp[lane].a, i, m.a[at.row * 16 + at.column]);
      }
      for (unsigned i = 0; i < 4; ++i) {
        const At b = b_of_m16n8k16(lane, i), c = c_of_both(lane, i);
        put(warp[lane].b, i, m.b[b.row * 8 + b.column]);
        warp[lane].c[i] = m.c[c.row * 8 + c.column];
      }
    }
    CHECK(launched(bf16_kernel, 32, warp.data()).empty());
    check_sums(warp, m);
  }
}

TEST_CASE("cuda emulation: mma.m16n8k8 of tf32 ignores the lower 13 bits of its operands") {
  Matrices<8> m{normal_values<float>(128, 4), normal_values<float>(64, 5),
                normal_values<float>(128, 6)};
  Warp warp{};
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < 4; ++i) {
      const At a = a_of_m16n8k8(lane, i), c = c_of_both(lane, i);
      warp[lane].a[i] = std::bit_cast<unsigned>(m.a[a.row * 8 + a.column]);
      warp[lane].c[i] = m.c[c.row * 8 + c.column];
    }
    for (unsigned i = 0; i < 2; ++i) {
      const At b = b_of_m16n8k8(lane, i);
      warp[lane].b[i] = std::bit_cast<unsigned>(m.b[b.row * 8 + b.column]);
    }
  }
  for (auto* const operand : {&m.a, &m.b})
    for (float& x : *operand) x = std::bit_cast<float>(std::bit_cast<unsigned>(x) & 0xffffe000U);
  CHECK(launched(tf32_kernel, 32, warp.data()).empty());
  check_sums(warp, m);
}

TEST_CASE("cuda emulation: cvt.rna.tf32 rounds to nearest, ties away from zero") {
  const auto rounded = [](float x) { return gpu::from_tf32(gpu::to_tf32(x)); };
  const float unit = std::ldexp(1.0f, -10);  // of numbers from 1 to 2
  for (const float sign : {1.0f, -1.0f}) {
    CHECK(rounded(sign * (1 + unit)) == sign * (1 + unit));
    CHECK(rounded(sign * (1 + 0.5f * unit)) == sign * (1 + unit));
    CHECK(rounded(sign * (1 + 1.5f * unit)) == sign * (1 + 2 * unit));
    CHECK(rounded(sign * (1 + 0.4375f * unit)) == sign);
    CHECK(rounded(sign * 1.99999f) == sign * 2);
    CHECK(rounded(sign * 0) == 0);
    CHECK(rounded(sign * INFINITY) == sign * INFINITY);
    CHECK(rounded(sign * 3.4e38f) == sign * std::ldexp(2046.0f, 117));
  }
  CHECK(std::isnan(rounded(NAN)));
  CHECK(rounded(std::numeric_limits<float>::max()) == INFINITY);
  CHECK(gpu::to_tf32(1) != std::bit_cast<unsigned>(1.0f));  // the bits that the ISA leaves open
}

TEST_CASE("cuda emulation: ldmatrix of one, two and four matrices, and transposed") {
  std::vector<std::uint16_t> from(256);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<std::uint16_t>(i);
  for (const int count : {1, 2, 4}) {
    for (const bool trans : {false, true}) {
      CAPTURE(count);
      CAPTURE(trans);
      use_next_emulated_order();
      std::vector<unsigned> to(128);
      CHECK(launched(copy_rows_kernel, 32, from.data(), to.data(), count, trans).empty());
      for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned m = 0; m < static_cast<unsigned>(count); ++m) {
          const unsigned row = lane / 4, column = lane % 4 * 2, first = 64 * m;
          const unsigned low = trans ? column * 8 + row : row * 8 + column;
          const unsigned high = trans ? (column + 1) * 8 + row : row * 8 + column + 1;
          CHECK(to[lane * 4 + m] == ((first + low) | (first + high) << 16));
        }
      }
    }
  }
}

TEST_CASE("cuda emulation: what ldmatrix and mma do not take is reported") {
  Warp warp{};
  const auto partial = launched(bf16_kernel, 24, warp.data());
  REQUIRE(partial.size() == 1);
  CHECK(partial[0].find("whole warps") != std::string::npos);
  const auto unaligned = launched(strided_kernel, 32, 128U, 8U, 0U);
  REQUIRE(!unaligned.empty());
  CHECK(unaligned[0].find("multiple of 16") != std::string::npos);
}

TEST_CASE("cuda emulation: bank conflicts of ldmatrix and of loads are counted") {
  const auto conflicts = [](unsigned stride, unsigned swizzle, bool loads) {
    cuda_emulation::take_bank_conflicts(loads);
    CHECK(launched(strided_kernel, 32, stride, 0U, swizzle).empty());
    return cuda_emulation::take_bank_conflicts();
  };
  CHECK(conflicts(16, 0, false) == 0);
  CHECK(conflicts(32, 0, false) == 1);
  CHECK(conflicts(128, 0, false) == 7);  // all rows in the same four banks
  CHECK(conflicts(128, 7, false) == 0);
  CHECK(conflicts(128, 3, false) == 1);
  CHECK(conflicts(16, 0, true) == 0);      // loads: neighbouring words
  CHECK(conflicts(32, 0, true) == 1 + 1);  // every other word
  CHECK(conflicts(128, 7, true) == 0 + 7);
}

}  // namespace keratin::tests
