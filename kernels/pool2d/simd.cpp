// Largest values of windows, a vector of channels at a time, the window's cells inside.
#include <algorithm>
#include <cstring>

#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool2d/windows_simd.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace pool2d;  // NOLINT: the windows' vocabulary, inside an unnamed namespace

// May one of them be NaN? Said of infinities of both signs too.
HWY_INLINE bool MayHaveNaN(const Four& f) {
  const V sum = hn::Add(hn::Add(f.v0, f.v1), hn::Add(f.v2, f.v3));
  return !hn::AllTrue(D(), hn::Eq(sum, sum));
}

// Does `v` take the place of `best`? The first largest wins, a NaN over all.
HWY_INLINE hn::Mask<D> Beats(V v, V best) {
  return hn::And(hn::Eq(best, best), hn::Not(hn::Le(v, best)));
}

template <bool kWhole>
HWY_INLINE V Largest(const Cells& w) {
  if (HWY_LIKELY(IsTwoByTwo(w))) {
    const Four f = LoadFour<kWhole>(w);
    if (HWY_LIKELY(!MayHaveNaN(f))) return hn::Max(hn::Max(f.v0, f.v1), hn::Max(f.v2, f.v3));
  }
  V best = Load<kWhole>(w.first, w);
  ForEachCell(w, [&](int, std::int64_t at) HWY_ATTR {
    const V v = Load<kWhole>(w.first + at, w);
    best = hn::IfThenElse(Beats(v, best), v, best);
  });
  return best;
}

// Calls f(distance from the first cell, g where that cell wins and 0 elsewhere) for all cells.
template <bool kWhole, class F>
HWY_INLINE void ForEachShare(const Cells& w, V g, F f) {
  const D d;
  const I i;
  if (HWY_LIKELY(IsTwoByTwo(w))) {
    const Four c = LoadFour<kWhole>(w);
    if (HWY_LIKELY(!MayHaveNaN(c))) {
      const auto right = hn::Gt(c.v1, c.v0), right_below = hn::Gt(c.v3, c.v2);
      const auto below = hn::Gt(hn::Max(c.v2, c.v3), hn::Max(c.v0, c.v1));
      const V above_g = hn::IfThenZeroElse(below, g), below_g = hn::IfThenElseZero(below, g);
      f(std::int64_t{0}, hn::IfThenZeroElse(right, above_g));
      f(w.right, hn::IfThenElseZero(right, above_g));
      f(w.below, hn::IfThenZeroElse(right_below, below_g));
      f(w.below + w.right, hn::IfThenElseZero(right_below, below_g));
      return;
    }
  }
  V best = Load<kWhole>(w.first, w);
  auto winner = hn::Zero(i);
  ForEachCell(w, [&](int cell, std::int64_t at) HWY_ATTR {
    const V v = Load<kWhole>(w.first + at, w);
    const auto beats = Beats(v, best);
    best = hn::IfThenElse(beats, v, best);
    winner = hn::IfThenElse(hn::RebindMask(i, beats), hn::Set(i, cell), winner);
  });
  ForEachCell(w, [&](int cell, std::int64_t at) HWY_ATTR {
    const auto wins = hn::RebindMask(d, hn::Eq(winner, hn::Set(i, cell)));
    f(at, hn::IfThenElseZero(wins, g));
  });
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
  std::int64_t seen_column = -1;
  for (std::int64_t j = 0; j < s.out_w; ++j) {
    const Range columns = s.columns(j);
    const bool whole_window = columns.size() == 3;
    ForEachChannels(x, s, row, j, [&](auto whole, const Cells& w) HWY_ATTR {
      const std::int64_t c = s.channels - w.channels;
      V largest;
      bool may_have_nan = true;
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
        may_have_nan = !hn::AllTrue(D(), hn::Eq(sum, sum));
      }
      if (HWY_UNLIKELY(may_have_nan)) largest = Largest<whole>(w);
      Write<kStreams, whole>(largest, y + w.y, w);
    });
    seen_column = whole_window ? columns.last - 1 : -1;
  }
}

template <bool kStreams>
void MaxRows(const float* x, float* y, const Pool2dShape& s, float* seen, std::int64_t first,
             std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    if (s.pool_w == 3 && s.stride_w == 2 && s.rows(row % s.out_h).size() == 3) {
      MaxRowOfThree<kStreams>(x, y, s, row, seen);
      continue;
    }
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
      Write<kStreams, whole>(Largest<whole>(w), y + w.y, w);
    });
  }
}
void MaxRowsPlain(const float* x, float* y, const Pool2dShape& s, float* seen, std::int64_t first,
                  std::int64_t last) {
  MaxRows<false>(x, y, s, seen, first, last);
}
void MaxRowsStreamed(const float* x, float* y, const Pool2dShape& s, float* seen,
                     std::int64_t first, std::int64_t last) {
  MaxRows<true>(x, y, s, seen, first, last);
}

// Windows that lie side by side: each sets its own cells, and what is left over at the right and
// the bottom is set to 0.
template <bool kStreams>
void MaxGradientTiled(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                      std::int64_t row) {
  ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
    float* const to = dx + (w.first - x);
    ForEachShare<whole>(w, Load<whole>(dy + w.y, w), [&](std::int64_t at, V share) HWY_ATTR {
      Write<kStreams, whole>(share, to + at, w);
    });
  });
  const Range rows = s.rows(row % s.out_h);
  const std::int64_t covered = s.columns(s.out_w - 1).last, row_floats = s.in_w * s.channels;
  float* const image = dx + row / s.out_h * s.in_h * row_floats;
  const auto clear = [&](std::int64_t r, std::int64_t column) {
    std::memset(image + r * row_floats + column * s.channels, 0,
                static_cast<std::size_t>((s.in_w - column) * s.channels) * sizeof(float));
  };
  for (std::int64_t r = rows.first; r < rows.last; ++r) clear(r, covered);
  if (row % s.out_h == s.out_h - 1) {
    for (std::int64_t r = rows.last; r < s.in_h; ++r) clear(r, 0);
  }
}

void MaxGradientTiledRow(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                         std::int64_t row, bool streams) {
  if (streams) return MaxGradientTiled<true>(x, dy, dx, s, row);
  MaxGradientTiled<false>(x, dy, dx, s, row);
}

// The windows of a row of any kind add to `to`, which holds the image's rows from its first on.
void AddMaxGradientRow(const float* x, const float* dy, float* to, const Pool2dShape& s,
                       std::int64_t row) {
  const std::int64_t row_floats = s.in_w * s.channels;
  const float* const first_row =
      x + (row / s.out_h * s.in_h + s.rows(row % s.out_h).first) * row_floats;
  ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
    float* const cell = to + (w.first - first_row);
    ForEachShare<whole>(w, Load<whole>(dy + w.y, w), [&](std::int64_t at, V share) HWY_ATTR {
      Store<whole>(hn::Add(Load<whole>(cell + at, w), share), cell + at, w);
    });
  });
}

std::int64_t Lanes() { return static_cast<std::int64_t>(hn::MaxLanes(D())); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(MaxRowsPlain);
HWY_EXPORT(MaxRowsStreamed);
HWY_EXPORT(MaxGradientTiledRow);
HWY_EXPORT(AddMaxGradientRow);

namespace {
std::int64_t grain_of(const Pool2dShape& s) {  // rows of windows
  return grain_for(s.out_w * s.channels * s.pool_h * s.pool_w);
}

// May the result, `to`, be written past the caches, vector by vector?
bool streams(const Pool2dShape& s, double bytes, const float* to) {
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)();
  return beyond_caches(bytes) && s.channels % lanes == 0 &&
         reinterpret_cast<std::uintptr_t>(to) % (static_cast<std::uintptr_t>(lanes) * 4) == 0;
}

// The gradient of one image's windows of any kind: they add to its rows, which are set to 0 just
// before the first window that reaches them.
void max_gradient_image(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                        std::int64_t image) {
  const std::int64_t row_floats = s.in_w * s.channels;
  float* const rows_of_dx = dx + image * s.in_h * row_floats;
  std::int64_t cleared = 0;
  const auto clear = [&](std::int64_t until) {
    if (until <= cleared) return;
    std::memset(rows_of_dx + cleared * row_floats, 0,
                static_cast<std::size_t>((until - cleared) * row_floats) * sizeof(float));
    cleared = until;
  };
  for (std::int64_t i = 0; i < s.out_h; ++i) {
    const Pool2dShape::Range rows = s.rows(i);
    clear(rows.last);
    HWY_DYNAMIC_DISPATCH(AddMaxGradientRow)
    (x, dy, rows_of_dx + rows.first * row_floats, s, image * s.out_h + i);
  }
  clear(s.in_h);
}
}  // namespace

void max_pool2d_simd(const float* x, float* y, const Pool2dShape& s) {
  const bool streamed = streams(s, pool2d_cost<float>(s).bytes, y);
  const auto rows =
      streamed ? HWY_DYNAMIC_DISPATCH(MaxRowsStreamed) : HWY_DYNAMIC_DISPATCH(MaxRowsPlain);
  parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    const FloatScratch seen(2 * s.channels);
    rows(x, y, s, seen.data(), first, last);
    if (streamed) finish_streaming();
  });
}

void max_pool2d_gradient_simd(const float* x, const float* dy, float* dx, const Pool2dShape& s) {
  if (s.stride_h == s.pool_h && s.stride_w == s.pool_w && s.pad_top == 0 && s.pad_left == 0) {
    const bool streamed = streams(s, max_pool2d_gradient_cost<float>(s).bytes, dx);
    parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row) {
        HWY_DYNAMIC_DISPATCH(MaxGradientTiledRow)(x, dy, dx, s, row, streamed);
      }
      if (streamed) finish_streaming();
    });
    return;
  }
  // By images, as windows of one may share cells.
  const std::int64_t grain = std::max<std::int64_t>(1, grain_of(s) / s.out_h);
  parallel_for(s.batch, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      max_gradient_image(x, dy, dx, s, i);
    }
  });
}

}  // namespace keratin::kernels::cpu
#endif
