// Windows of a pooling, a vector of channels at a time. Include it inside a foreach_target source,
// after kernels/simd.h; it is compiled once a target.
#if defined(KERATIN_KERNELS_POOL2D_WINDOWS_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_POOL2D_WINDOWS_SIMD_H_
#undef KERATIN_KERNELS_POOL2D_WINDOWS_SIMD_H_
#else
#define KERATIN_KERNELS_POOL2D_WINDOWS_SIMD_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstdint>
#include <type_traits>

#include "kernels/pool2d/pool2d.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace pool2d {
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

// Past the caches, if kStreams: whole vectors at aligned places only.
template <bool kStreams, bool kWhole>
HWY_INLINE void Write(V v, float* p, const Cells& w) {
  if constexpr (kStreams && kWhole) {
    hn::Stream(v, D(), p);
  } else {
    Store<kWhole>(v, p, w);
  }
}

// Calls f(whole, cells) for each vector of channels of window `j` of row `row` of all images; whole
// is a bool constant.
template <class F>
HWY_INLINE void ForEachChannels(const float* x, const Pool2dShape& s, std::int64_t row,
                                std::int64_t j, F f) {
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const std::int64_t n = row / s.out_h, below = s.in_w * s.channels;
  const Range rows = s.rows(row % s.out_h), columns = s.columns(j);
  const float* const first_row = x + (n * s.in_h + rows.first) * below;
  Cells w{first_row + columns.first * s.channels, s.channels, below, rows.size(), columns.size(),
          (row * s.out_w + j) * s.channels,       s.channels};
  for (; w.channels >= kLanes; w.channels -= kLanes, w.first += kLanes, w.y += kLanes) {
    f(std::true_type(), w);
  }
  if (w.channels > 0) f(std::false_type(), w);
}

// The same for each window of the row.
template <class F>
HWY_INLINE void ForEachWindow(const float* x, const Pool2dShape& s, std::int64_t row, F f) {
  for (std::int64_t j = 0; j < s.out_w; ++j) ForEachChannels(x, s, row, j, f);
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

}  // namespace pool2d
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
