// Largest values of windows and which cells they are, a vector of channels at a time, the window's cells inside.
#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/max_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool2d/windows_simd.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace pool2d;  // NOLINT: the windows' vocabulary, inside an unnamed namespace

// Is none of the numbers NaN that `sum` is of? Said of infinities of both signs too.
HWY_INLINE bool NoNaN(V sum) { return hn::AllTrue(D(), hn::Eq(sum, sum)); }

// Does `v` take the place of `best`? The first largest wins, a NaN over all.
HWY_INLINE hn::Mask<D> Beats(V v, V best) {
  return hn::And(hn::Eq(best, best), hn::Not(hn::Le(v, best)));
}

template <bool kWhole, int kSize>
HWY_INLINE V LargestOfNumbers(const Cells& w, bool& numbers) {
  V best = LoadCell<kWhole, kSize>(w, 0), sum = best;
  KERATIN_UNROLL
  for (int cell = 1; cell < kSize * kSize; ++cell) {
    const V v = LoadCell<kWhole, kSize>(w, cell);
    best = hn::Max(best, v);
    sum = hn::Add(sum, v);
  }
  numbers = NoNaN(sum);
  return best;
}

template <bool kWhole>
HWY_INLINE V Largest(const Cells& w) {
  bool numbers = false;
  if (IsWhole<2>(w)) {
    const V best = LargestOfNumbers<kWhole, 2>(w, numbers);
    if (HWY_LIKELY(numbers)) return best;
  } else if (IsWhole<3>(w)) {
    const V best = LargestOfNumbers<kWhole, 3>(w, numbers);
    if (HWY_LIKELY(numbers)) return best;
  }
  V best = Load<kWhole>(w.first, w);
  ForEachCell(w, [&](std::int32_t, std::int64_t at) HWY_ATTR {
    const V v = Load<kWhole>(w.first + at, w);
    best = hn::IfThenElse(Beats(v, best), v, best);
  });
  return best;
}

struct Winner {
  V value;
  VI number;
};

template <bool kWhole, int kSize>
HWY_INLINE Winner WinnerOfNumbers(const Cells& w, bool& numbers) {
  Winner best{LoadCell<kWhole, kSize>(w, 0), hn::Zero(I())};
  V sum = best.value;
  KERATIN_UNROLL
  for (int cell = 1; cell < kSize * kSize; ++cell) {
    const V v = LoadCell<kWhole, kSize>(w, cell);
    const auto beats = hn::RebindMask(I(), hn::Gt(v, best.value));
    best.value = hn::Max(best.value, v);
    best.number = hn::IfThenElse(beats, hn::Set(I(), cell), best.number);
    sum = hn::Add(sum, v);
  }
  numbers = NoNaN(sum);
  return best;
}

template <bool kWhole>
HWY_INLINE Winner WinnerOf(const Cells& w) {
  bool numbers = false;
  if (IsWhole<2>(w)) {
    const Winner best = WinnerOfNumbers<kWhole, 2>(w, numbers);
    if (HWY_LIKELY(numbers)) return best;
  } else if (IsWhole<3>(w)) {
    const Winner best = WinnerOfNumbers<kWhole, 3>(w, numbers);
    if (HWY_LIKELY(numbers)) return best;
  }
  Winner best{Load<kWhole>(w.first, w), hn::Set(I(), w.number)};
  ForEachCell(w, [&](std::int32_t number, std::int64_t at) HWY_ATTR {
    const V v = Load<kWhole>(w.first + at, w);
    const auto beats = Beats(v, best.value);
    best.value = hn::IfThenElse(beats, v, best.value);
    best.number = hn::IfThenElse(hn::RebindMask(I(), beats), hn::Set(I(), number), best.number);
  });
  return best;
}

// One column of three cells.
struct Column {
  V largest, sum;
};
template <bool kWhole>
HWY_INLINE Column ColumnOf(const float* p, const Cells& w) {
  const V a = Load<kWhole>(p, w), b = Load<kWhole>(p + w.below, w),
          c = Load<kWhole>(p + 2 * w.below, w);
  return {hn::Max(hn::Max(a, b), c), hn::Add(hn::Add(a, b), c)};
}

// Windows of 3 x 3, two columns apart: one column in three was seen by the window before, whose
// largest value and sum are in `seen`, [2][channels].
template <bool kStreams>
void MaxRowOfThree(const float* x, float* y, const Pool2dShape& s, std::int64_t row, float* seen) {
  const WindowRow windows(x, s, row);
  std::int64_t seen_column = -1;
  for (std::int64_t j = 0; j < s.out_w; ++j) {
    const Range columns = s.columns(j);
    const bool whole_window = columns.size() == 3;
    ForEachVector(CellsOf(windows, j), [&](auto whole, const Cells& w) HWY_ATTR {
      const std::int64_t c = s.channels - w.channels;
      V largest;
      bool numbers = false;
      if (HWY_LIKELY(whole_window)) {
        float* const at = seen + c;
        const Column a = seen_column == columns.first
                             ? Column{Load<whole>(at, w), Load<whole>(at + s.channels, w)}
                             : ColumnOf<whole>(w.first, w);
        const Column b = ColumnOf<whole>(w.first + w.right, w);
        const Column e = ColumnOf<whole>(w.first + 2 * w.right, w);
        Store<whole>(e.largest, at, w);
        Store<whole>(e.sum, at + s.channels, w);
        largest = hn::Max(hn::Max(a.largest, b.largest), e.largest);
        const V sum = hn::Add(hn::Add(a.sum, b.sum), e.sum);
        numbers = NoNaN(sum);
      }
      if (HWY_UNLIKELY(!numbers)) largest = Largest<whole>(w);
      Write<kStreams, whole>(largest, y + w.y, w);
    });
    seen_column = whole_window ? columns.last - 1 : -1;
  }
}

template <bool kStreams>
void MaxRows(const float* x, float* y, const Pool2dShape& s, float* seen, std::int64_t first,
             std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    if (s.pool_w == 3 && s.stride_w == 2 && s.channels >= kLanes &&
        s.rows(row % s.out_h).size() == 3) {
      MaxRowOfThree<kStreams>(x, y, s, row, seen);
      continue;
    }
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR KERATIN_INLINE {
      Write<kStreams, whole>(Largest<whole>(w), y + w.y, w);
    });
  }
}
// The same, and who won.
template <class N, bool kStreams>
void MaxRowsAndWinners(const float* x, float* y, N* winners, const Pool2dShape& s,
                       std::int64_t first, std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR KERATIN_INLINE {
      const Winner winner = WinnerOf<whole>(w);
      Write<kStreams, whole>(winner.value, y + w.y, w);
      StoreNumbers<whole>(winner.number, winners + w.y, w);
    });
  }
}

// Rows of so few channels that they are pooled at every column.
template <class N>
void MaxRowsOfFewChannels(const float* x, float* y, N* winners, const Pool2dShape& s,
                          std::int64_t first, std::int64_t last) {
  const std::int64_t line = s.out_w * s.channels, all = line * s.stride_w + kMostFew;
  const FloatScratch values(all);
  const Scratch scratch(static_cast<std::size_t>(all) * sizeof(N));
  N* const numbers = scratch.as<N>();
  for (std::int64_t row = first; row < last; ++row) {
    const EveryColumn every(x, s, row);
    float* const to = y + row * line;
    if (s.winner_bytes == 0) {
      MaxRows<false>(every.first, values.data(), every.shape, nullptr, 0, 1);
    } else {
      MaxRowsAndWinners<N, false>(every.first, values.data(), numbers, every.shape, 0, 1);
      N* const numbers_to = winners + row * line;
      PickColumns(numbers, s, numbers_to);
      for (std::int64_t i = 0; every.number != 0 && i < line; ++i) {
        numbers_to[i] = static_cast<N>(numbers_to[i] + every.number);
      }
    }
    PickColumns(values.data(), s, to);
  }
}

// N: what a winner's number takes. `streams`: past the caches.
template <class N>
void MaxRowsTo(const float* x, float* y, N* winners, const Pool2dShape& s, bool streams,
               std::int64_t first, std::int64_t last) {
  if (PoolsEveryColumn(s)) return MaxRowsOfFewChannels<N>(x, y, winners, s, first, last);
  if (s.winner_bytes != 0) {
    const auto rows = streams ? MaxRowsAndWinners<N, true> : MaxRowsAndWinners<N, false>;
    return rows(x, y, winners, s, first, last);
  }
  const FloatScratch seen(2 * s.channels);
  (streams ? MaxRows<true> : MaxRows<false>)(x, y, s, seen.data(), first, last);
}
void MaxRowsOf(const float* x, float* y, void* winners, const Pool2dShape& s, bool streams,
               std::int64_t first, std::int64_t last) {
  if (s.winner_bytes == 4) {
    return MaxRowsTo(x, y, static_cast<std::int32_t*>(winners), s, streams, first, last);
  }
  MaxRowsTo(x, y, static_cast<std::uint8_t*>(winners), s, streams, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(MaxRowsOf);

void max_pool2d_simd(const float* x, float* y, void* winners, const Pool2dShape& s) {
  const bool streamed = streams_lines(max_pool2d_cost<float>(s).bytes, y, s.channels);
  const std::int64_t grain = grain_for(s.out_w * s.channels * s.pool_h * s.pool_w);
  parallel_for(s.batch * s.out_h, grain, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(MaxRowsOf)(x, y, winners, s, streamed, first, last);
    if (streamed) finish_streaming();
  });
}

}  // namespace keratin::kernels::cpu
#endif
