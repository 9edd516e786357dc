// Permutation of axes.   y[i_p0, i_p1, ...] = x[i_0, i_1, ...]: axis k of y is axis perm[k] of x.
// x and y are contiguous, row-major and distinct; any size may be 0. Values are not looked at:
// elements are 1, 2, 4 or 8 bytes, aligned to their size. Up to 8 axes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct TransposeShape {
  static constexpr int kMaxRank = 8;

  int rank = 0;
  int element_size = 4;                        // 1, 2, 4 or 8 bytes
  std::array<std::int64_t, kMaxRank> sizes{};  // of x
  std::array<int, kMaxRank> perm{};            // axis k of y is axis perm[k] of x

  std::int64_t size() const;
  std::string text() const;
};

/// The same permutation with as few axes as tell it: axes of size 1 are left out, and axes that
/// stay neighbours become one. NHWC to NCHW, [n, h, w, c] by (0, 3, 1, 2), is [n, hw, c] by
/// (0, 2, 1). `perm` must be a permutation of 0 .. sizes.size() - 1.
TransposeShape transpose_shape(std::span<const std::int64_t> sizes, std::span<const int> perm,
                               int element_size);

using TransposeFn = void (*)(const void* x, void* y, const TransposeShape& s);

constexpr Cost transpose_cost(const TransposeShape& s) {
  double elements = 1;
  for (int k = 0; k < s.rank; ++k) {
    elements *= static_cast<double>(s.sizes[static_cast<std::size_t>(k)]);
  }
  return {.flops = 0, .bytes = 2 * elements * s.element_size};
}

/// For 4-byte elements whose last axis moves: what the vector rung can do.
bool transpose_moves_last_axis(const TransposeShape& s);

namespace cpu {
void transpose_reference(const void* x, void* y, const TransposeShape& s);
void transpose_blocked(const void* x, void* y, const TransposeShape& s);
void transpose_simd(const void* x, void* y, const TransposeShape& s);
}  // namespace cpu

inline constexpr auto transpose_ladder = Ladder{
    "transpose", "transpose", transpose_cost,
    std::array{
        Rung<TransposeFn>{"reference", "", always, cpu::transpose_reference},
        Rung<TransposeFn>{"blocked", "square tiles: a cache line fetched is used whole; threads",
                          always, cpu::transpose_blocked, "", false},
        Rung<TransposeFn>{"simd", "4-byte elements: whole vectors loaded, turned and stored",
                          transpose_moves_last_axis, cpu::transpose_simd,
                          "4-byte elements, another axis last"}}};

namespace cuda {
void transpose_naive(const void* x, void* y, const TransposeShape& s, const Stream& stream);
void transpose_tiles(const void* x, void* y, const TransposeShape& s, const Stream& stream);
/// Another axis last: where it stays, neighbours stay neighbours anyway.
bool transpose_tiles_applies(const TransposeShape& s);

inline constexpr CudaLadder<TransposeFn, 2> transpose_ladder{
    {{{"naive", "", always, transpose_naive},
      {"tiles", "32 x 32 through shared memory: whole sectors read and written",
       transpose_tiles_applies, transpose_tiles}}}};
}  // namespace cuda

}  // namespace keratin::kernels
