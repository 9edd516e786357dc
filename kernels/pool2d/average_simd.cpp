// Means of windows, a vector of channels at a time, the window's cells inside.
#include <algorithm>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/average_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool2d/windows_simd.h"
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
using namespace pool2d;  // NOLINT: the windows' vocabulary, inside an unnamed namespace

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
HWY_EXPORT(AverageRows);
HWY_EXPORT(AverageGradientRows);

namespace {
std::int64_t grain_of(const Pool2dShape& s) {  // rows of windows
  return grain_for(s.out_w * s.channels * s.pool_h * s.pool_w);
}
}  // namespace

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
