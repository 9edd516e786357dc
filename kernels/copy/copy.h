// Moving blocks of elements: everything whose result is a rearrangement without arithmetic.
//
//   strided_copy   y[sum i_k y_stride_k] = x[sum i_k x_stride_k]  for every index i of a box.
//                  Strides may be negative (flip) or, for x, 0 (broadcast, tile): concatenation,
//                  slices with steps, tiles and flips are boxes made by the functions below.
//   pad            y = value everywhere, but x in the middle
//   one_hot        y[i, :] = 0, but `one` at index[i]
//
// x and y do not overlap; any size may be 0. Values are not looked at: elements are 1, 2, 4 or 8
// bytes, aligned to their size.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

/// A box of elements, outermost axis first. 16 axes: a tiled axis takes two.
struct CopyShape {
  static constexpr int kMaxRank = 16;

  int rank = 0;
  int element_size = 4;  // 1, 2, 4 or 8 bytes
  std::array<std::int64_t, kMaxRank> sizes{};
  std::array<std::int64_t, kMaxRank> x_strides{};  // elements; may be 0 or negative
  std::array<std::int64_t, kMaxRank> y_strides{};  // elements; no element of y is written twice
  std::int64_t x_offset = 0, y_offset = 0;         // of the box's first element, in elements

  void push_back(std::int64_t size, std::int64_t x_stride, std::int64_t y_stride);
  /// Elements written.
  std::int64_t size() const;
  /// The same copy with as few axes as tell it.
  CopyShape collapsed() const;
  std::string text() const;
};

/// A block of shape `block`, contiguous, into (or out of) an array of shape `whole` at `at`, every
/// `step`-th element along each axis (a step may be negative: then `at` is the last place).
/// into: x is the block, y the whole (concatenation, gradient of a slice).
CopyShape copy_into(std::span<const std::int64_t> block, std::span<const std::int64_t> whole,
                    std::span<const std::int64_t> at, std::span<const std::int64_t> step,
                    int element_size);
/// out of: x is the whole, y the block (slice, split, gradient of a padding; flip by step -1).
CopyShape copy_out_of(std::span<const std::int64_t> block, std::span<const std::int64_t> whole,
                      std::span<const std::int64_t> at, std::span<const std::int64_t> step,
                      int element_size);
/// y of shape `y_sizes` from x by NumPy's broadcasting: sizes 1 and missing leading axes are
/// stretched.
CopyShape copy_broadcast(std::span<const std::int64_t> x_sizes,
                         std::span<const std::int64_t> y_sizes, int element_size);
/// x, `times[k]` times along axis k. One rank for both, at most 8.
CopyShape copy_tile(std::span<const std::int64_t> x_sizes, std::span<const std::int64_t> times,
                    int element_size);
/// Each element of x `times` times in a row along `axis`: [1, 2] -> [1, 1, 2, 2].
CopyShape copy_repeat(std::span<const std::int64_t> x_sizes, int axis, std::int64_t times,
                      int element_size);

using StridedCopyFn = void (*)(const void* x, void* y, const CopyShape& s);

constexpr Cost strided_copy_cost(const CopyShape& s) {
  double read = 1, written = 1;
  for (int k = 0; k < s.rank; ++k) {
    const auto i = static_cast<std::size_t>(k);
    written *= static_cast<double>(s.sizes[i]);
    if (s.x_strides[i] != 0) read *= static_cast<double>(s.sizes[i]);
  }
  return {.flops = 0, .bytes = ((written > 0 ? read : 0) + written) * s.element_size};
}

/// Amounts before and after, all >= 0. At most 8 axes.
struct PadShape {
  static constexpr int kMaxRank = 8;

  int rank = 0;
  int element_size = 4;
  std::array<std::int64_t, kMaxRank> sizes{}, before{}, after{};  // sizes of x

  std::int64_t x_size() const;
  std::int64_t y_size() const;
  std::string text() const;
};

/// `value` points to one element, in the CPU's memory wherever x and y are.
using PadFn = void (*)(const void* x, void* y, const void* value, const PadShape& s);

constexpr Cost pad_cost(const PadShape& s) {
  double read = 1, written = 1;
  for (int k = 0; k < s.rank; ++k) {
    const auto i = static_cast<std::size_t>(k);
    read *= static_cast<double>(s.sizes[i]);
    written *= static_cast<double>(s.sizes[i] + s.before[i] + s.after[i]);
  }
  return {.flops = 0, .bytes = (read + written) * s.element_size};
}

struct OneHotShape {
  std::int64_t count = 0, depth = 0;
  int element_size = 4;  // of y
  std::string text() const;
};

/// y is [count, depth]: zero bytes, but the element at `one` where the column is index[i]. An index
/// outside [0, depth) gives a row of zeros. I: std::int32_t or std::int64_t. `one` is in the CPU's
/// memory, wherever the others are.
template <class I>
using OneHotFn = void (*)(const I* index, void* y, const void* one, const OneHotShape& s);

template <class I>
constexpr Cost one_hot_cost(const OneHotShape& s) {
  const auto count = static_cast<double>(s.count);
  return {.flops = 0, .bytes = count * (static_cast<double>(s.depth) * s.element_size + sizeof(I))};
}

namespace cpu {
void strided_copy_reference(const void* x, void* y, const CopyShape& s);
void strided_copy_runs(const void* x, void* y, const CopyShape& s);
void pad_reference(const void* x, void* y, const void* value, const PadShape& s);
void pad_runs(const void* x, void* y, const void* value, const PadShape& s);
template <class I>
void one_hot_reference(const I* index, void* y, const void* one, const OneHotShape& s);
template <class I>
void one_hot_runs(const I* index, void* y, const void* one, const OneHotShape& s);
}  // namespace cpu

inline constexpr auto strided_copy_ladder =
    Ladder{"copy", "strided_copy", strided_copy_cost,
           std::array{Rung<StridedCopyFn>{"reference", "", always, cpu::strided_copy_reference},
                      Rung<StridedCopyFn>{"runs", "axes joined; whole runs copied at once; threads",
                                          always, cpu::strided_copy_runs, "", false}}};

inline constexpr auto pad_ladder =
    Ladder{"copy", "pad", pad_cost,
           std::array{Rung<PadFn>{"reference", "", always, cpu::pad_reference},
                      Rung<PadFn>{"runs", "whole rows filled and copied, written once; threads",
                                  always, cpu::pad_runs, "", false}}};

template <class I>
inline constexpr auto one_hot_ladder =
    Ladder{"copy", "one_hot", one_hot_cost<I>,
           std::array{Rung<OneHotFn<I>>{"reference", "", always, cpu::one_hot_reference<I>},
                      Rung<OneHotFn<I>>{"runs", "rows cleared at once, one element set; threads",
                                        always, cpu::one_hot_runs<I>, "", false}}};

namespace cuda {
void strided_copy_naive(const void* x, void* y, const CopyShape& s, const Stream& stream);
void strided_copy_joined(const void* x, void* y, const CopyShape& s, const Stream& stream);
void pad_naive(const void* x, void* y, const void* value, const PadShape& s, const Stream& stream);
template <class I>
void one_hot_naive(const I* index, void* y, const void* one, const OneHotShape& s,
                   const Stream& stream);
void pad_wide(const void* x, void* y, const void* value, const PadShape& s, const Stream& stream);
/// y that does not begin at a multiple of 16 bytes goes to one_hot_naive.
template <class I>
void one_hot_wide(const I* index, void* y, const void* one, const OneHotShape& s,
                  const Stream& stream);
/// Results that can be counted in 32 bits.
bool pad_wide_applies(const PadShape& s);
bool one_hot_wide_applies(const OneHotShape& s);

inline constexpr CudaLadder<StridedCopyFn, 2> strided_copy_ladder{
    {{{"naive", "", always, strided_copy_naive},
      {"joined", "axes joined: as few divisions as tell the places", always,
       strided_copy_joined}}}};
inline constexpr CudaLadder<PadFn, 2> pad_ladder{
    {{{"naive", "", always, pad_naive},
      {"wide", "axes joined, up to 16 bytes an access, divisions by multiplication",
       pad_wide_applies, pad_wide}}}};
template <class I>
inline constexpr CudaLadder<OneHotFn<I>, 2> one_hot_ladder{
    {{{"naive", "", always, one_hot_naive<I>},
      {"wide", "16 bytes of y a thread, divisions by multiplication", one_hot_wide_applies,
       one_hot_wide<I>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
