// A vector of channels at a time, the window's cells inside.
#include <algorithm>
#include <cstring>
#include <type_traits>
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

// One vector of channels of one window.
struct Cells {
  const float* first;                        // its first cell
  std::int64_t right, below, rows, columns;  // distances to the cells beside it; how many
  std::int64_t y;                            // where its result lies
  std::int64_t channels;                     // left: a whole vector, or less at the end
};

// kWhole: there are channels for a whole vector.
template <bool kWhole>
HWY_INLINE V Load(const float* p, const Cells& w) {
  return kWhole ? hn::LoadU(D(), p) : simd::LoadN(D(), p, w.channels);
}
template <bool kWhole>
HWY_INLINE void Store(V v, float* p, const Cells& w) {
  if constexpr (kWhole) {
    hn::StoreU(v, D(), p);
  } else {
    simd::StoreN(v, D(), p, w.channels);
  }
}

// Calls f(whole, cells) for each vector of channels of each window of row `row` of all images;
// whole is a bool constant.
template <class F>
HWY_INLINE void ForEachWindow(const float* x, const Pool2dShape& s, std::int64_t row, F f) {
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t n = row / s.out_h, below = s.in_w * s.channels;
  const Range rows = s.rows(row % s.out_h);
  const float* const first_row = x + (n * s.in_h + rows.first) * below;
  for (std::int64_t j = 0; j < s.out_w; ++j) {
    const Range columns = s.columns(j);
    Cells w{first_row + columns.first * s.channels, s.channels, below, rows.size(), columns.size(),
            (row * s.out_w + j) * s.channels,       s.channels};
    for (; w.channels >= kLanes; w.channels -= kLanes, w.first += kLanes, w.y += kLanes) {
      f(std::true_type(), w);
    }
    if (w.channels > 0) f(std::false_type(), w);
  }
}

// Calls f(cell number, distance from the first cell) row by row.
template <class F>
HWY_INLINE void ForEachCell(const Cells& w, F f) {
  int cell = 0;
  for (std::int64_t r = 0; r < w.rows; ++r) {
    for (std::int64_t q = 0; q < w.columns; ++q) f(cell++, r * w.below + q * w.right);
  }
}

// The four cells of a window of 2 x 2.
struct Four {
  V v0, v1, v2, v3;
};
HWY_INLINE bool IsTwoByTwo(const Cells& w) { return w.rows == 2 && w.columns == 2; }
template <bool kWhole>
HWY_INLINE Four LoadFour(const Cells& w) {
  const float* const below = w.first + w.below;
  return {Load<kWhole>(w.first, w), Load<kWhole>(w.first + w.right, w), Load<kWhole>(below, w),
          Load<kWhole>(below + w.right, w)};
}
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

void MaxRows(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
             std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
      Store<whole>(Largest<whole>(w), y + w.y, w);
    });
  }
}

// Windows that lie side by side: each sets its own cells, and what is left over at the right and
// the bottom is set to 0.
void MaxGradientTiledRow(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                         std::int64_t row) {
  ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
    float* const to = dx + (w.first - x);
    ForEachShare<whole>(w, Load<whole>(dy + w.y, w), [&](std::int64_t at, V share) HWY_ATTR {
      Store<whole>(share, to + at, w);
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

// Any windows of one image: they add to its cells, which are 0 before.
void MaxGradientImage(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                      std::int64_t image) {
  for (std::int64_t row = image * s.out_h; row < (image + 1) * s.out_h; ++row) {
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
      float* const to = dx + (w.first - x);
      ForEachShare<whole>(w, Load<whole>(dy + w.y, w), [&](std::int64_t at, V share) HWY_ATTR {
        Store<whole>(hn::Add(Load<whole>(to + at, w), share), to + at, w);
      });
    });
  }
}

void AverageRows(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
                 std::int64_t last) {
  const D d;
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR {
      V sum = hn::Zero(d);
      if (IsTwoByTwo(w)) {
        const Four f = LoadFour<whole>(w);
        sum = hn::Add(hn::Add(f.v0, f.v1), hn::Add(f.v2, f.v3));
      } else {
        ForEachCell(w, [&](int, std::int64_t at)
                           HWY_ATTR { sum = hn::Add(sum, Load<whole>(w.first + at, w)); });
      }
      const float share = 1.0f / static_cast<float>(w.rows * w.columns);
      Store<whole>(hn::Mul(sum, hn::Set(d, share)), y + w.y, w);
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
