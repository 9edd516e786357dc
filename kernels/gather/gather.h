// Rows of a table by index, and the way back.
//
//   gather        y[o, i, :]            = table[o, index[i], :]
//   scatter_add   dtable[o, index[i], :] += dy[o, i, :]      (an index may come more than once)
//   first_bad_index   place[0] = the first i with index[i] outside [0, table_rows), or -1
//
// table, dtable: [outer, table_rows, cols]; y, dy: [outer, count, cols]; index: [count]; all
// contiguous and distinct. outer is 1 for an embedding, the product of the axes before it for a
// gather along an axis. Any size may be 0. gather looks at no values: elements are 1, 2, 4 or 8
// bytes. Both trust the indices to be in [0, table_rows): ask first_bad_index before.
// scatter_add adds the rows of one index in the order of i, whatever the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/cuda_ladder.h"
#include "kernels/ladder.h"

namespace keratin::kernels {

struct GatherShape {
  std::int64_t outer = 1, table_rows = 0, count = 0, cols = 0;
  int element_size = 4;  // of the table
  std::string text() const;
};

struct IndexShape {
  std::int64_t count = 0, table_rows = 0;
  std::string text() const;
};

/// I: std::int32_t or std::int64_t.
template <class I>
using FirstBadIndexFn = void (*)(const I* index, std::int64_t* place, const IndexShape& s);

template <class I>
constexpr Cost first_bad_index_cost(const IndexShape& s) {
  return {.flops = 0, .bytes = static_cast<double>(s.count) * sizeof(I)};
}

/// I: std::int32_t or std::int64_t.
template <class I>
using GatherFn = void (*)(const void* table, const I* index, void* y, const GatherShape& s);
/// T: float or double.
template <class T, class I>
using ScatterAddFn = void (*)(const T* dy, const I* index, T* dtable, const GatherShape& s);

// Every gathered row is counted as read anew: how often an index repeats, the shape does not tell.
template <class I>
constexpr Cost gather_cost(const GatherShape& s) {
  const double rows = static_cast<double>(s.outer) * static_cast<double>(s.count);
  return {.flops = 0,
          .bytes = 2 * rows * static_cast<double>(s.cols) * s.element_size +
                   static_cast<double>(s.count) * sizeof(I)};
}

// dy read; dtable read and written.
template <class T, class I>
constexpr Cost scatter_add_cost(const GatherShape& s) {
  const double elements =
      static_cast<double>(s.outer) * static_cast<double>(s.count) * static_cast<double>(s.cols);
  return {.flops = elements,
          .bytes = 3 * elements * sizeof(T) + static_cast<double>(s.count) * sizeof(I)};
}

/// Rows too narrow to be shared out by columns.
constexpr bool scatter_add_is_narrow(const GatherShape& s) { return s.cols < 256; }

namespace cpu {
template <class I>
void first_bad_index_reference(const I* index, std::int64_t* place, const IndexShape& s);
template <class I>
void gather_reference(const void* table, const I* index, void* y, const GatherShape& s);
template <class I>
void gather_rows(const void* table, const I* index, void* y, const GatherShape& s);
template <class T, class I>
void scatter_add_reference(const T* dy, const I* index, T* dtable, const GatherShape& s);
template <class T, class I>
void scatter_add_columns(const T* dy, const I* index, T* dtable, const GatherShape& s);
template <class T, class I>
void scatter_add_buckets(const T* dy, const I* index, T* dtable, const GatherShape& s);
}  // namespace cpu

template <class I>
inline constexpr auto first_bad_index_ladder =
    Ladder{"gather", "first_bad_index", first_bad_index_cost<I>,
           std::array{Rung<FirstBadIndexFn<I>>{"reference", "", always,
                                               cpu::first_bad_index_reference<I>, "", false}}};

template <class I>
inline constexpr auto gather_ladder = Ladder{
    "gather", "gather", gather_cost<I>,
    std::array{Rung<GatherFn<I>>{"reference", "", always, cpu::gather_reference<I>},
               Rung<GatherFn<I>>{"rows", "whole rows copied, the next ones prefetched; threads",
                                 always, cpu::gather_rows<I>, "", false}}};

template <class T, class I>
inline constexpr auto scatter_add_ladder = Ladder{
    "gather", "scatter_add", scatter_add_cost<T, I>,
    std::array{
        Rung<ScatterAddFn<T, I>>{"reference", "", always, cpu::scatter_add_reference<T, I>},
        Rung<ScatterAddFn<T, I>>{"columns", "threads: each adds all rows, in its columns", always,
                                 cpu::scatter_add_columns<T, I>, "", false},
        Rung<ScatterAddFn<T, I>>{
            "buckets", "narrow rows: threads split the table by rows, indices sorted into it",
            scatter_add_is_narrow, cpu::scatter_add_buckets<T, I>,
            "rows of fewer than 256 elements", false}}};

namespace cuda {
template <class I>
void first_bad_index_naive(const I* index, std::int64_t* place, const IndexShape& s,
                           const Stream& stream);
template <class I>
void gather_naive(const void* table, const I* index, void* y, const GatherShape& s,
                  const Stream& stream);
template <class I>
void gather_rows(const void* table, const I* index, void* y, const GatherShape& s,
                 const Stream& stream);
template <class T, class I>
void scatter_add_naive(const T* dy, const I* index, T* dtable, const GatherShape& s,
                       const Stream& stream);
template <class T, class I>
void scatter_add_ranges(const T* dy, const I* index, T* dtable, const GatherShape& s,
                        const Stream& stream);
/// Rows of 128 bytes or more: narrow ones leave lanes idle.
bool gather_rows_applies(const GatherShape& s);
/// Rows to share out.
bool scatter_add_ranges_applies(const GatherShape& s);

template <class I>
inline constexpr CudaLadder<FirstBadIndexFn<I>, 1> first_bad_index_ladder{
    {{{"naive", "", always, first_bad_index_naive<I>}}}};
template <class I>
inline constexpr CudaLadder<GatherFn<I>, 2> gather_ladder{
    {{{"naive", "", always, gather_naive<I>},
      {"rows", "a warp a row, up to 16 bytes an access: no divisions within it",
       gather_rows_applies, gather_rows<I>}}}};
template <class T, class I>
inline constexpr CudaLadder<ScatterAddFn<T, I>, 2> scatter_add_ladder{
    {{{"naive", "", always, scatter_add_naive<T, I>},
      {"ranges", "rows of the table shared out to blocks and warps, not its columns alone",
       scatter_add_ranges_applies, scatter_add_ranges<T, I>}}}};
}  // namespace cuda

}  // namespace keratin::kernels
