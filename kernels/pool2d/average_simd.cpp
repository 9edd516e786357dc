// Means of windows, a vector of channels at a time, the window's cells inside.
#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/average_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool2d/windows_simd.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace pool2d;  // NOLINT: the windows' vocabulary, inside an unnamed namespace

template <bool kWhole, int kSize>
HWY_INLINE V SumOf(const Cells& w) {
  V sum = LoadCell<kWhole, kSize>(w, 0);
  KERATIN_UNROLL
  for (int cell = 1; cell < kSize * kSize; ++cell) {
    sum = hn::Add(sum, LoadCell<kWhole, kSize>(w, cell));
  }
  return sum;
}

void AverageRowsPlain(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
                      std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    ForEachWindow(x, s, row, [&](auto whole, const Cells& w) HWY_ATTR KERATIN_INLINE {
      V sum = hn::Zero(D());
      if (IsWhole<2>(w)) {
        sum = SumOf<whole, 2>(w);
      } else if (IsWhole<3>(w)) {
        sum = SumOf<whole, 3>(w);
      } else {
        ForEachCell(w, [&](std::int32_t, std::int64_t at)
                           HWY_ATTR { sum = hn::Add(sum, Load<whole>(w.first + at, w)); });
      }
      const float share = 1.0f / static_cast<float>(w.rows * w.columns);
      Store<whole>(hn::Mul(sum, hn::Set(D(), share)), y + w.y, w);
    });
  }
}

void AverageRows(const float* x, float* y, const Pool2dShape& s, std::int64_t first,
                 std::int64_t last) {
  if (!PoolsEveryColumn(s)) return AverageRowsPlain(x, y, s, first, last);
  const std::int64_t line = s.out_w * s.channels;
  const FloatScratch all(line * s.stride_w + kMostFew);
  for (std::int64_t row = first; row < last; ++row) {
    const EveryColumn every(x, s, row);
    AverageRowsPlain(every.first, all.data(), every.shape, 0, 1);
    PickColumns(all.data(), s, y + row * line);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(AverageRows);

void average_pool2d_simd(const float* x, float* y, const Pool2dShape& s) {
  const std::int64_t grain = grain_for(s.out_w * s.channels * s.pool_h * s.pool_w);
  parallel_for(s.batch * s.out_h, grain, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(AverageRows)(x, y, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
