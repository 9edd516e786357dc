// One row of scores, by a group of threads: one alone, a warp, or a whole block. For softmax and
// cross-entropy.
#pragma once

#include <cmath>
#include <type_traits>

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/group.cuh"
#include "kernels/cuda/launch.cuh"

namespace keratin::kernels::cuda {

/// How rows are shared out: kGroup threads a row, kThreads a block.
template <int kGroup>
struct Rows {
  static constexpr int kThreads = kGroup < 128 ? 128 : kGroup;
  static constexpr int kAtOnce = kThreads / kGroup;
  static unsigned blocks(std::int64_t rows) { return blocks_for(rows, kAtOnce); }
  /// This thread's place in its group.
  __device__ static int place() { return static_cast<int>(threadIdx.x) % kGroup; }
  /// All rows of this group: the same ones for all its threads.
  template <class F>
  __device__ static void each(std::int64_t rows, F f) {
    const std::int64_t mine = threadIdx.x / kGroup;
    for (std::int64_t row = blockIdx.x * std::int64_t{kAtOnce} + mine; row < rows;
         row += gridDim.x * std::int64_t{kAtOnce})
      f(row);
  }
};

/// What a thread adds up in: alone it has long chains.
template <int kGroup, class T>
using Chain = std::conditional_t<kGroup == 1, double, T>;

/// A row in the registers of its group, kEach elements a thread.
template <int kGroup, int kEach, class T>
struct Held {
  T at[kEach];

  /// Calls f(k, c) for this thread's k-th element, which is column c; past the row's end too.
  template <class F>
  static __device__ __forceinline__ void each(F f) {
#pragma unroll
    for (int k = 0; k < kEach; ++k) f(k, std::int64_t{Rows<kGroup>::place() + kGroup * k});
  }
  /// element(c), or `beyond` past the end.
  template <class F>
  __device__ __forceinline__ void load(std::int64_t cols, F element, T beyond = 0) {
    each([&](int k, std::int64_t c) { at[k] = c < cols ? element(c) : beyond; });
  }
  template <class Op>
  __device__ __forceinline__ T over(Op op) const {
    T all = at[0];
#pragma unroll
    for (int k = 1; k < kEach; ++k) all = op(all, at[k]);
    return over_group<kGroup>(all, op);
  }
  __device__ __forceinline__ T sum() const { return over(Add{}); }
  __device__ __forceinline__ T dot(const Held& other) const {
    T all = 0;
#pragma unroll
    for (int k = 0; k < kEach; ++k) all += at[k] * other.at[k];
    return over_group<kGroup>(all, Add{});
  }
};

/// The largest score and the sum of exp(x - max), for all threads of the group.
template <class T>
struct RowSums {
  T max, sum;
};
template <int kGroup, class X>
__device__ __forceinline__ RowSums<Computed<X>> row_sums(const X* x, std::int64_t cols) {
  using T = Computed<X>;
  T max = -static_cast<T>(INFINITY);
  Chain<kGroup, T> sum = 0;
  for (std::int64_t c = Rows<kGroup>::place(); c < cols; c += kGroup)
    max = std::fmax(max, widened(x[c]));
  max = over_group<kGroup>(max, Larger{});
  for (std::int64_t c = Rows<kGroup>::place(); c < cols; c += kGroup)
    sum += std::exp(widened(x[c]) - max);
  return {max, over_group<kGroup>(static_cast<T>(sum), Add{})};
}

/// Short rows leave most of a block idle.
constexpr std::int64_t kLongRow = 1024;

}  // namespace keratin::kernels::cuda

/// M(threads a row, type) for every rung that is made so.
#define KERATIN_FOR_EACH_ROWS(M) \
  M(1, float) M(32, float) M(256, float) M(1, double) M(32, double) M(256, double)
