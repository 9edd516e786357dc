// A vector of channels at a time, the window's cells inside.
#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

#ifndef KERATIN_KERNELS_POOL2D_HOLDERS_
#define KERATIN_KERNELS_POOL2D_HOLDERS_
namespace keratin::kernels::cpu {
namespace {
// Along one axis: which windows hold each cell, and 1 / the cells of each window.
struct Holders {
  std::vector<Pool2dShape::Range> of_cell;
  std::vector<float> share;
};
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;

using D = hn::ScalableTag<float>;
using I = hn::RebindToSigned<D>;
using V = hn::Vec<D>;
using Range = Pool2dShape::Range;

// One window of one channel vector: its first cell, the distances to the cells right and below.
struct Cells {
  const float* first;
  std::int64_t right, below, rows, columns;
};

// Does `v` take the place of `best`? The first largest wins, a NaN over all.
HWY_INLINE hn::Mask<D> Beats(V v, V best) {
  return hn::And(hn::Eq(best, best), hn::Not(hn::Le(v, best)));
}

// Calls f(cell number, its channels) row by row. kRows and kColumns are the window's where they
// are known, else 0.
template <int kRows, int kColumns, class F>
HWY_INLINE void ForEachCell(const Cells& w, std::int64_t channels, F f) {
  const D d;
  if constexpr (kRows > 0) {
    KERATIN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      KERATIN_UNROLL
      for (int q = 0; q < kColumns; ++q) {
        f(r * kColumns + q, simd::LoadN(d, w.first + r * w.below + q * w.right, channels));
      }
    }
  } else {
    int cell = 0;
    for (std::int64_t r = 0; r < w.rows; ++r) {
      for (std::int64_t q = 0; q < w.columns; ++q, ++cell) {
        f(cell, simd::LoadN(d, w.first + r * w.below + q * w.right, channels));
      }
    }
  }
}

template <int kRows, int kColumns>
HWY_INLINE V Largest(const Cells& w, std::int64_t channels) {
  V best = hn::Undefined(D());
  ForEachCell<kRows, kColumns>(w, channels, [&](int cell, V v) HWY_ATTR {
    best = cell == 0 ? v : hn::IfThenElse(Beats(v, best), v, best);
  });
  return best;
}

template <int kRows, int kColumns>
HWY_INLINE hn::Vec<I> Winner(const Cells& w, std::int64_t channels) {
  const I i;
  V best = hn::Undefined(D());
  hn::Vec<I> at = hn::Zero(i);
  ForEachCell<kRows, kColumns>(w, channels, [&](int cell, V v) HWY_ATTR {
    if (cell == 0) {
      best = v;
    } else {
      const auto beats = Beats(v, best);
      best = hn::IfThenElse(beats, v, best);
      at = hn::IfThenElse(hn::RebindMask(i, beats), hn::Set(i, cell), at);
    }
  });
  return at;
}

// Calls f(window, first y element, channels left) for every channel vector of output row `row` of
// all images; `two_by_two` where the whole window is 2 x 2 cells.
template <class F>
HWY_INLINE void ForEachWindow(const float* x, const Pool2dShape& s, std::int64_t row, F f) {
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t n = row / s.out_h, below = s.in_w * s.channels;
  const Range rows = s.rows(row % s.out_h);
  const float* const first_row = x + (n * s.in_h + rows.first) * below;
  for (std::int64_t j = 0; j < s.out_w; ++j) {
    const Range columns = s.columns(j);
    Cells w{first_row + columns.first * s.channels, s.channels, below, rows.size(), columns.size()};
    const std::int64_t y = (row * s.out_w + j) * s.channels;
    for (std::int64_t c = 0; c < s.channels; c += kLanes, w.first += kLanes) {
      f(w, y + c, s.channels - c);
    }
  }
}

void MaxRows(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
             std::int64_t last) {
  const D d;
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](const Cells& w, std::int64_t at, std::int64_t left) HWY_ATTR {
      const V best =
          w.rows == 2 && w.columns == 2 ? Largest<2, 2>(w, left) : Largest<0, 0>(w, left);
      simd::StoreN(best, d, y + at, left);
    });
  }
}

// Where cell number `cell` wins, its window's gradient.
HWY_INLINE V Share(hn::Vec<I> winner, int cell, V g) {
  const auto wins = hn::Eq(winner, hn::Set(I(), cell));
  return hn::IfThenElseZero(hn::RebindMask(D(), wins), g);
}

// Windows that lie side by side: each sets its own cells, and what is left over at the right and
// the bottom is set to 0.
void MaxGradientTiledRow(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                         std::int64_t row) {
  const D d;
  ForEachWindow(x, s, row, [&](const Cells& w, std::int64_t y, std::int64_t left) HWY_ATTR {
    float* const to = dx + (w.first - x);
    const V g = simd::LoadN(d, dy + y, left);
    if (w.rows == 2 && w.columns == 2) {
      const auto winner = Winner<2, 2>(w, left);
      KERATIN_UNROLL
      for (int cell = 0; cell < 4; ++cell) {
        simd::StoreN(Share(winner, cell, g), d, to + cell / 2 * w.below + cell % 2 * w.right, left);
      }
      return;
    }
    const auto winner = Winner<0, 0>(w, left);
    for (std::int64_t r = 0, cell = 0; r < w.rows; ++r) {
      for (std::int64_t q = 0; q < w.columns; ++q, ++cell) {
        simd::StoreN(Share(winner, static_cast<int>(cell), g), d, to + r * w.below + q * w.right,
                     left);
      }
    }
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

// Any windows of one image: they add to its cells, which are 0 before.
void MaxGradientImage(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                      std::int64_t image) {
  const D d;
  for (std::int64_t row = image * s.out_h; row < (image + 1) * s.out_h; ++row) {
    ForEachWindow(x, s, row, [&](const Cells& w, std::int64_t y, std::int64_t left) HWY_ATTR {
      float* const to = dx + (w.first - x);
      const V g = simd::LoadN(d, dy + y, left);
      const auto winner = Winner<0, 0>(w, left);
      for (std::int64_t r = 0, cell = 0; r < w.rows; ++r) {
        for (std::int64_t q = 0; q < w.columns; ++q, ++cell) {
          float* const p = to + r * w.below + q * w.right;
          const V share = Share(winner, static_cast<int>(cell), g);
          simd::StoreN(hn::Add(simd::LoadN(d, p, left), share), d, p, left);
        }
      }
    });
  }
}

void AverageRows(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
                 std::int64_t last) {
  const D d;
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](const Cells& w, std::int64_t at, std::int64_t left) HWY_ATTR {
      const V scale = hn::Set(d, 1.0f / static_cast<float>(w.rows * w.columns));
      V sum = hn::Zero(d);
      const auto add = [&](int, V v) HWY_ATTR { sum = hn::Add(sum, v); };
      if (w.rows == 2 && w.columns == 2) {
        ForEachCell<2, 2>(w, left, add);
      } else {
        ForEachCell<0, 0>(w, left, add);
      }
      simd::StoreN(hn::Mul(sum, scale), d, y + at, left);
    });
  }
}

void AverageGradientRows(const float* dy, float* dx, const Pool2dShape& s, const Holders& down,
                         const Holders& across, std::int64_t first, std::int64_t last) {
  const D d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  for (std::int64_t row = first; row < last; ++row) {
    const float* const image = dy + row / s.in_h * s.out_h * s.out_w * s.channels;
    const Range rows = down.of_cell[static_cast<std::size_t>(row % s.in_h)];
    for (std::int64_t q = 0; q < s.in_w; ++q) {
      const Range columns = across.of_cell[static_cast<std::size_t>(q)];
      float* const to = dx + (row * s.in_w + q) * s.channels;
      for (std::int64_t c = 0; c < s.channels; c += kLanes) {
        V sum = hn::Zero(d);
        for (std::int64_t i = rows.first; i < rows.last; ++i) {
          const float by_rows = down.share[static_cast<std::size_t>(i)];
          for (std::int64_t j = columns.first; j < columns.last; ++j) {
            const float share = by_rows * across.share[static_cast<std::size_t>(j)];
            const V g = simd::LoadN(d, image + (i * s.out_w + j) * s.channels + c, s.channels - c);
            sum = hn::MulAdd(g, hn::Set(d, share), sum);
          }
        }
        simd::StoreN(sum, d, to + c, s.channels - c);
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(MaxRows);
HWY_EXPORT(MaxGradientTiledRow);
HWY_EXPORT(MaxGradientImage);
HWY_EXPORT(AverageRows);
HWY_EXPORT(AverageGradientRows);

namespace {
std::int64_t grain_of(const Pool2dShape& s) {  // rows of windows
  return grain_for(s.out_w * s.channels * s.pool_h * s.pool_w);
}
}  // namespace

void max_pool2d_simd(const float* x, float* y, const Pool2dShape& s) {
  parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(MaxRows)(x, y, s, first, last);
  });
}

void max_pool2d_gradient_simd(const float* x, const float* dy, float* dx, const Pool2dShape& s) {
  if (s.stride_h == s.pool_h && s.stride_w == s.pool_w && s.pad_top == 0 && s.pad_left == 0) {
    parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row) {
        HWY_DYNAMIC_DISPATCH(MaxGradientTiledRow)(x, dy, dx, s, row);
      }
    });
    return;
  }
  // By images, as windows of one may share cells.
  const std::int64_t image = s.in_h * s.in_w * s.channels;
  const std::int64_t grain = std::max<std::int64_t>(1, grain_of(s) / s.out_h);
  parallel_for(s.batch, grain, [&](std::int64_t first, std::int64_t last) {
    std::memset(dx + first * image, 0,
                static_cast<std::size_t>((last - first) * image) * sizeof(float));
    for (std::int64_t i = first; i < last; ++i) {
      HWY_DYNAMIC_DISPATCH(MaxGradientImage)(x, dy, dx, s, i);
    }
  });
}

void average_pool2d_simd(const float* x, float* y, const Pool2dShape& s) {
  parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(AverageRows)(x, y, s, first, last);
  });
}

void average_pool2d_gradient_simd(const float* dy, float* dx, const Pool2dShape& s) {
  const auto range = [&](bool down, std::int64_t i) { return down ? s.rows(i) : s.columns(i); };
  const auto holders = [&](bool down, std::int64_t cells, std::int64_t windows) {
    Holders h{std::vector<Pool2dShape::Range>(static_cast<std::size_t>(cells), {windows, 0}), {}};
    for (std::int64_t i = 0; i < windows; ++i) {
      const Pool2dShape::Range window = range(down, i);
      h.share.push_back(1.0f / static_cast<float>(window.size()));
      for (std::int64_t cell = window.first; cell < window.last; ++cell) {
        auto& held = h.of_cell[static_cast<std::size_t>(cell)];
        held = {std::min(held.first, i), i + 1};
      }
    }
    return h;
  };
  const Holders down = holders(true, s.in_h, s.out_h), across = holders(false, s.in_w, s.out_w);
  parallel_for(s.batch * s.in_h, grain_for(s.in_w * s.channels * 4),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(AverageGradientRows)(dy, dx, s, down, across, first, last);
               });
}

}  // namespace keratin::kernels::cpu
#endif
