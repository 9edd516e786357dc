// Two values of a reduction, and what it begins with.
#pragma once

#include <limits>

#include "kernels/cuda/bfloat16.cuh"
#include "kernels/cuda/launch.cuh"
#include "kernels/elementwise/element.h"
#include "kernels/reduce/bfloat16.h"

namespace keratin::kernels::cuda {

template <Reduction op, class T>
__device__ __forceinline__ T start_of() {
  using Limits = std::numeric_limits<T>;
  if constexpr (op == Reduction::sum) {
    return 0;
  } else if constexpr (Limits::has_infinity) {
    return op == Reduction::max ? -Limits::infinity() : Limits::infinity();
  } else {
    return op == Reduction::max ? Limits::min() : Limits::max();
  }
}

template <Reduction op, class T>
__device__ __forceinline__ T combined(T a, T b) {
  if constexpr (op == Reduction::sum) {
    using U = cpu::Wrapping<T>;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  } else {  // NaN from either side
    if (a != a) return a;
    if (b != b) return b;
    return (op == Reduction::max ? a < b : b < a) ? b : a;
  }
}

inline constexpr int kReduceThreads = 256;

/// How blocks lie over x[outer, reduced, inner]: 2^log_width columns side by side, and a piece of
/// the axis; kReduceThreads threads, neighbours in columns.
struct Tiling {
  std::int64_t pieces, piece, tiles, blocks;
  int log_width;

  struct Part {
    std::int64_t column, first, last;  // of this thread; of the piece
    std::int64_t outer, index;         // of x; of outer x pieces
  };
  __device__ __forceinline__ Part part_of(std::int64_t block, int thread,
                                          std::int64_t reduced) const {
    const int width = 1 << log_width;
    const std::int64_t index = block / tiles, first = index % pieces * piece;
    return {block % tiles * width + (thread & (width - 1)), first,
            first + piece < reduced ? first + piece : reduced, index / pieces, index};
  }
};
inline Tiling tiling_of(std::int64_t outer, std::int64_t inner, std::int64_t pieces,
                        std::int64_t piece) {
  Tiling t{.pieces = pieces, .piece = piece, .tiles = 1, .blocks = 1, .log_width = 0};
  while (t.log_width < 5 && (1 << t.log_width) < inner) ++t.log_width;
  const std::int64_t width = std::int64_t{1} << t.log_width;
  t.tiles = (inner + width - 1) / width;
  t.blocks = outer * pieces * t.tiles;
  return t;
}

/// y[outer, pieces, inner]: every `piece` elements of the axis into one.
template <class X, class Y>
void reduce_pieces(const X* x, Y* y, const ReduceShape& s, std::int64_t pieces, std::int64_t piece,
                   const Stream& stream);

}  // namespace keratin::kernels::cuda

#define KERATIN_FOR_EACH_REDUCED(M) \
  M(float) M(double) M(std::uint8_t) M(std::int32_t) M(std::int64_t)
/// Of operands and of results.
#define KERATIN_FOR_EACH_REDUCTION(M) \
  M(float, float)                     \
  M(double, double)                   \
  M(std::uint8_t, std::uint8_t)       \
  M(std::int32_t, std::int32_t)       \
  M(std::int64_t, std::int64_t) M(BFloat16, BFloat16) M(BFloat16, float)
