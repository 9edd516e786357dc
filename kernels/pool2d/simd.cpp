// A vector of channels at a time, the window's cells inside.
#include <algorithm>
#include <cstring>

#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

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

// Windows of row `row` add dy to their winners; dx of all cells is set before, unless `sets`: then
// the windows are 2 x 2 and disjoint, and set their cells themselves.
void MaxGradientRow(const float* x, const float* dy, float* dx, const Pool2dShape& s,
                    std::int64_t row, bool sets) {
  const D d;
  const I i;
  const auto share = [&](hn::Vec<I> at, int cell, V g) HWY_ATTR {
    return hn::IfThenElseZero(hn::RebindMask(d, hn::Eq(at, hn::Set(i, cell))), g);
  };
  ForEachWindow(x, s, row, [&](const Cells& w, std::int64_t y, std::int64_t left) HWY_ATTR {
    float* const to = dx + (w.first - x);
    const V g = simd::LoadN(d, dy + y, left);
    if (sets) {
      const auto at = Winner<2, 2>(w, left);
      KERATIN_UNROLL
      for (int cell = 0; cell < 4; ++cell) {
        simd::StoreN(share(at, cell, g), d, to + cell / 2 * w.below + cell % 2 * w.right, left);
      }
      return;
    }
    const auto at = Winner<0, 0>(w, left);
    int cell = 0;
    for (std::int64_t r = 0; r < w.rows; ++r) {
      for (std::int64_t q = 0; q < w.columns; ++q, ++cell) {
        float* const p = to + r * w.below + q * w.right;
        simd::StoreN(hn::Add(simd::LoadN(d, p, left), share(at, cell, g)), d, p, left);
      }
    }
  });
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

// The windows that hold cell `at` of an axis: those from (at + pad - size) / stride + 1 on, up to
// (at + pad) / stride.
HWY_INLINE Range Holding(std::int64_t at, std::int64_t pad, std::int64_t size, std::int64_t stride,
                         std::int64_t count) {
  const std::int64_t past = at + pad - size;
  return {past < 0 ? 0 : past / stride + 1, std::min(count, (at + pad) / stride + 1)};
}

void AverageGradientRows(const float* dy, float* dx, const Pool2dShape& s, std::int64_t first,
                         std::int64_t last) {
  const D d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t n = row / s.in_h;
    const Range down = Holding(row % s.in_h, s.pad_top, s.pool_h, s.stride_h, s.out_h);
    for (std::int64_t q = 0; q < s.in_w; ++q) {
      const Range across = Holding(q, s.pad_left, s.pool_w, s.stride_w, s.out_w);
      float* const to = dx + (row * s.in_w + q) * s.channels;
      for (std::int64_t c = 0; c < s.channels; c += kLanes) {
        V sum = hn::Zero(d);
        for (std::int64_t i = down.first; i < down.last; ++i) {
          const std::int64_t height = s.rows(i).size();
          const float* const from = dy + (n * s.out_h + i) * s.out_w * s.channels + c;
          for (std::int64_t j = across.first; j < across.last; ++j) {
            const V scale = hn::Set(d, 1.0f / static_cast<float>(height * s.columns(j).size()));
            sum = hn::MulAdd(simd::LoadN(d, from + j * s.channels, s.channels - c), scale, sum);
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
HWY_EXPORT(MaxGradientRow);
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
  // Disjoint windows that cover everything need no zeros first.
  const bool sets = s.pool_h == 2 && s.pool_w == 2 && s.stride_h == 2 && s.stride_w == 2 &&
                    s.in_h == 2 * s.out_h && s.in_w == 2 * s.out_w;
  // Images side by side: windows of one image may share cells.
  const std::int64_t image = s.in_h * s.in_w * s.channels;
  const std::int64_t rows = sets ? 1 : s.out_h;  // rows of windows of an item
  parallel_for(s.batch * s.out_h / rows, std::max<std::int64_t>(1, grain_of(s) / rows),
               [&](std::int64_t first, std::int64_t last) {
                 if (!sets) {
                   std::memset(dx + first * image, 0,
                               static_cast<std::size_t>((last - first) * image) * sizeof(float));
                 }
                 for (std::int64_t row = first * rows; row < last * rows; ++row) {
                   HWY_DYNAMIC_DISPATCH(MaxGradientRow)(x, dy, dx, s, row, sets);
                 }
               });
}

void average_pool2d_simd(const float* x, float* y, const Pool2dShape& s) {
  parallel_for(s.batch * s.out_h, grain_of(s), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(AverageRows)(x, y, s, first, last);
  });
}

void average_pool2d_gradient_simd(const float* dy, float* dx, const Pool2dShape& s) {
  parallel_for(s.batch * s.in_h, grain_for(s.in_w * s.channels * 4),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(AverageGradientRows)(dy, dx, s, first, last);
               });
}

}  // namespace keratin::kernels::cpu
#endif
