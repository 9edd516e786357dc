// The defects that the emulation must find, each with its twin without the defect:
// keratin_cuda_defects_<flavour> DEFECT broken|clean. Exit status: 0 nothing noticed, 1 a wrong
// result, 2 a report of the emulation, 66 TSan's, 67 ASan's.
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "kernels/cuda/device.cuh"
#include "kernels/cuda/tensor_cores.cuh"
#include "tests/cuda_emulation/defect.h"
#include "tests/cuda_emulation/hopper_defects.h"

namespace {

using keratin::kernels::cuda::commit_async;
using keratin::kernels::cuda::copy_async_16;
using keratin::kernels::cuda::load_matrices;
using keratin::kernels::cuda::multiply_bf16;
using keratin::kernels::cuda::wait_async;

// C = A B in tiles of 16 x 16, one element a thread.
template <Defect defect>
__global__ void gemm(const float* a, const float* b, float* c, int m, int n, int k) {
  KERATIN_SHARED(float, tile_a, [16][16]);
  KERATIN_SHARED(float, tile_b, [16][16]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int row = static_cast<int>(blockIdx.y) * 16 + y,
            column = static_cast<int>(blockIdx.x) * 16 + x;
  float sum = 0;
  for (int first = 0; first < k; first += 16) {
    tile_a[y][x] = row < m && first + x < k ? a[row * k + first + x] : 0;
    const bool inside = first + y < k && (defect == no_column_bound || column < n);
    tile_b[y][x] = inside ? b[(first + y) * n + column] : 0;
    if (defect == shared_overrun && x == 15 && y == 15) (&tile_b[0][0])[16 * 16] = 0;
    __syncthreads();
    for (int i = 0; i < 16; ++i) sum += tile_a[y][i] * tile_b[i][x];
    if (defect != no_barrier_in_loop) __syncthreads();
  }
  if (row < m && column < n) c[row * n + column] = sum;
}

template <Defect defect>
__device__ float over_block(float value, bool maximum, float* scratch) {
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  const auto join = [&](float a, float b) { return maximum ? fmaxf(a, b) : a + b; };
  for (int i = 16; i > 0; i /= 2) value = join(value, __shfl_xor_sync(0xffffffffU, value, i));
  if (lane == 0) scratch[warp] = value;
  __syncthreads();
  value = maximum ? -std::numeric_limits<float>::infinity() : 0.0f;
  if (defect == unwritten_shared || lane < warps) value = scratch[lane];
  for (int i = 16; i > 0; i /= 2) value = join(value, __shfl_xor_sync(0xffffffffU, value, i));
  if (defect != no_barrier_before_reuse) __syncthreads();
  return value;
}

// A row a block.
template <Defect defect>
__global__ void softmax(const float* x, float* y, int columns) {
  KERATIN_SHARED(float, scratch, [32]);
  x += static_cast<std::int64_t>(blockIdx.x) * columns;
  y += static_cast<std::int64_t>(blockIdx.x) * columns;
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  if (defect == early_return && first >= columns) return;
  float most = -std::numeric_limits<float>::infinity(), sum = 0;
  for (int i = first; i < columns; i += step) most = fmaxf(most, x[i]);
  most = over_block<defect>(most, true, scratch);
  for (int i = first; i < columns; i += step) sum += expf(x[i] - most);
  sum = over_block<defect>(sum, false, scratch);
  for (int i = first; i < columns; i += step) y[i] = expf(x[i] - most) / sum;
}

// Every 32 elements backwards, a warp a block.
template <Defect defect>
__global__ void reverse(const float* x, float* y) {
  KERATIN_SHARED(float, row, [32]);
  const unsigned lane = threadIdx.x;
  row[lane] = x[blockIdx.x * 32 + lane];
  if (defect != no_syncwarp) __syncwarp();
  const unsigned to = defect == blocks_overlap ? blockIdx.x / 2 * 2 : blockIdx.x;
  y[to * 32 + lane] = row[31 - lane];
}

// y = 2 x, 128 elements at a time, the next ones on their way while these are used.
template <Defect defect>
__global__ void pipelined(const float* x, float* y, int rounds) {
  KERATIN_DYNAMIC_SHARED(float, stages);  // [2][128]
  const auto begin = [&](int round) {
    copy_async_16(stages + round % 2 * 128 + threadIdx.x * 4, x + round * 128 + threadIdx.x * 4);
    commit_async();
  };
  begin(0);
  for (int round = 0; round < rounds; ++round) {
    if (round + 1 < rounds) {
      begin(round + 1);
      wait_async<defect == wait_too_short ? 2 : 1>();
    } else {
      wait_async<0>();
    }
    __syncthreads();
    for (int i = 0; i < 4; ++i) {
      const auto at = static_cast<int>(threadIdx.x) + 32 * i;
      y[round * 128 + at] = 2 * stages[round % 2 * 128 + at];
    }
    __syncthreads();
  }
}

// C [16, 8] = A [16, 16] B [16, 8] of bf16 by one warp: A by cp.async, B through registers.
template <Defect defect>
__global__ void small_product(const std::uint16_t* a, const std::uint16_t* b, float* c) {
  KERATIN_DYNAMIC_SHARED(std::uint16_t, tiles);  // A, then B
  const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
  copy_async_16(tiles + lane * 8, a + lane * 8);
  commit_async();
  for (unsigned i = 0; i < 4; ++i) tiles[256 + lane * 4 + i] = b[lane * 4 + i];
  if (defect != early_ldmatrix) wait_async<0>();
  if (defect != no_barrier_for_ldmatrix) __syncwarp();
  unsigned left[4], right[2];
  float sums[4] = {};
  load_matrices<false>(left, tiles + lane % 16 * 16 + lane / 16 * 8);
  load_matrices<true>(right, tiles + 256 + lane % 16 * 8);
  if (defect == wrong_fragment) std::swap(left[1], left[2]);
  multiply_bf16(sums, left, right);
  if (defect == early_ldmatrix) wait_async<0>();
  for (unsigned i = 0; i < 4; ++i) c[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}

std::vector<float> values(std::size_t count) {
  std::vector<float> x(count);
  unsigned state = 1;
  for (float& value : x) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8) / 16777216.0f - 0.5f;
  }
  return x;
}
bool close(float a, double b) { return std::fabs(a - b) <= 1e-4 + 1e-4 * std::fabs(b); }

template <Defect defect>
bool gemm_right() {
  const int m = 45, n = 38, k = 70;
  const auto a = values(m * k), b = values(k * n);
  std::vector<float> c(m * n);
  KERATIN_RAW_LAUNCH(gemm<defect>, dim3(3, 3), dim3(16, 16), 0, nullptr, a.data(), b.data(),
                     c.data(), m, n, k);
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int p = 0; p < k; ++p)
        sum +=
            double{a[static_cast<std::size_t>(i * k + p)]} * b[static_cast<std::size_t>(p * n + j)];
      if (!close(c[static_cast<std::size_t>(i * n + j)], sum)) return false;
    }
  }
  return true;
}

template <Defect defect>
bool softmax_right() {
  const int rows = 4, columns = 200;
  const auto x = values(rows * columns);
  std::vector<float> y(x.size());
  KERATIN_RAW_LAUNCH(softmax<defect>, dim3(rows), dim3(256), 0, nullptr, x.data(), y.data(),
                     columns);
  for (std::size_t r = 0; r < rows; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < columns; ++i) sum += std::exp(double{x[r * columns + i]});
    for (std::size_t i = r * columns; i < (r + 1) * columns; ++i)
      if (!(std::fabs(y[i] - std::exp(double{x[i]}) / sum) <= 1e-6)) return false;
  }
  return true;
}

template <Defect defect>
bool reverse_right() {
  const auto x = values(256);
  std::vector<float> y(256);
  KERATIN_RAW_LAUNCH(reverse<defect>, dim3(8), dim3(32), 0, nullptr, x.data(), y.data());
  for (std::size_t i = 0; i < 256; ++i)
    if (y[i] != x[i / 32 * 32 + 31 - i % 32]) return false;
  return true;
}

template <Defect defect>
bool pipelined_right() {
  const auto x = values(1024);
  std::vector<float> y(1024), aligned(1028);
  float* from = aligned.data();
  while (reinterpret_cast<std::uintptr_t>(from) % 16 != 0) ++from;
  std::copy(x.begin(), x.end(), from);
  KERATIN_RAW_LAUNCH(pipelined<defect>, dim3(1), dim3(32), 1024, nullptr, from, y.data(), 8);
  for (std::size_t i = 0; i < 1024; ++i)
    if (y[i] != 2 * x[i]) return false;
  return true;
}

template <Defect defect>
bool small_product_right() {
  // Small whole numbers: exact in bf16, and so are their sums in float32.
  const auto number = [](std::size_t i) { return static_cast<float>(i * 7 % 13) - 6; };
  const auto bits = [](float x) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16);
  };
  alignas(16) std::uint16_t a[256], b[128];
  for (std::size_t i = 0; i < 256; ++i) a[i] = bits(number(i));
  for (std::size_t i = 0; i < 128; ++i) b[i] = bits(number(i + 5));
  std::vector<float> c(128);
  KERATIN_RAW_LAUNCH(small_product<defect>, dim3(1), dim3(32), 768, nullptr, a, b, c.data());
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t j = 0; j < 8; ++j) {
      float sum = 0;
      for (std::size_t k = 0; k < 16; ++k) sum += number(i * 16 + k) * number(k * 8 + j + 5);
      if (c[i * 8 + j] != sum) return false;
    }
  }
  return true;
}

template <Defect defect>
bool right() {
  switch (defect) {
    case wrong_fragment:
    case early_ldmatrix:
    case no_barrier_for_ldmatrix:
      return small_product_right<defect>();
    case no_barrier_in_loop:
    case no_column_bound:
    case shared_overrun:
      return gemm_right<defect>();
    case no_syncwarp:
    case blocks_overlap:
      return reverse_right<defect>();
    case wait_too_short:
      return pipelined_right<defect>();
    case stage_not_awaited:
    case wrong_parity:
    case early_release:
    case lost_arrival:
    case unpublished_mbarrier:
    case no_product_fence:
    case no_product_wait:
    case wrong_stride:
      return streamed_product_right<defect>();
    default:
      return softmax_right<defect>();
  }
}

template <Defect defect>
int tried(const std::string& name, bool broken) {
  if (name != kNames[defect]) return -1;
  if (broken) return right<defect>() ? 0 : 1;
  return gemm_right<none>() && softmax_right<none>() && reverse_right<none>() &&
                 pipelined_right<none>() && small_product_right<none>() &&
                 streamed_product_right<none>()
             ? 0
             : 1;
}

template <int... defects>
int try_all(const std::string& name, bool broken, std::integer_sequence<int, defects...>) {
  int status = -1;
  ((status = std::max(status, tried<static_cast<Defect>(defects)>(name, broken))), ...);
  return status;
}

int try_in_every_order(const std::string& name, bool broken) {
  using cuda_emulation::Order;
  int status = 0;
  for (const Order order : {Order::forward, Order::backward, Order::random}) {
    cuda_emulation::set_order(order);
    const int now = try_all(name, broken, std::make_integer_sequence<int, kDefects>());
    if (now < 0) return std::puts("no such defect"), 3;
    for (const std::string& report : cuda_emulation::take_reports()) {
      std::printf("%s\n", report.c_str());
      status = 2;
    }
    status = std::max(status, now);
  }
  return status;
}

// To unwind, ASan clears what it believes to be this OS thread's stack.
bool exception_caught() {
  try {
    throw 1;
  } catch (int) {
    return true;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc == 3 ? argv[1] : "", version = argc == 3 ? argv[2] : "";
  if (version != "broken" && version != "clean") return std::puts("usage: DEFECT broken|clean"), 3;
  cuda_emulation::set_os_threads(2);
  // Twice: fibers that another OS thread ran, which has ended, then run on this one.
  int earlier = 0;
  std::thread([&] { earlier = try_in_every_order(name, version == "broken"); }).join();
  const int status = std::max(earlier, try_in_every_order(name, version == "broken"));
  return exception_caught() ? status : 3;
}
