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

#include <algorithm>
#include <cstdint>
#include <cstring>
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
using VI = hn::Vec<I>;
using Range = Pool2dShape::Range;

constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

// One vector of channels of one window.
struct Cells {
  const float* first;                        // its first cell
  std::int64_t right, below, rows, columns;  // distances to the cells beside it; how many
  std::int64_t y;                            // where its result lies
  std::int32_t number, line;                 // of its first cell; from a row's to the next one's
  std::int64_t channels;                     // left: a whole vector, or less at the end
};

// kWhole: there are channels for a whole vector, else `channels`.
template <bool kWhole>
HWY_INLINE V LoadChannels(const float* p, std::int64_t channels) {
  return kWhole ? hn::LoadU(D(), p) : simd::LoadN(D(), p, channels);
}
// Past the caches, if kStreams: whole vectors at aligned places only.
template <bool kStreams, bool kWhole>
HWY_INLINE void WriteChannels(V v, float* p, std::int64_t channels) {
  if constexpr (kStreams && kWhole) {
    hn::Stream(v, D(), p);
  } else if constexpr (kWhole) {
    hn::StoreU(v, D(), p);
  } else {
    simd::StoreN(v, D(), p, channels);
  }
}
template <bool kWhole>
HWY_INLINE V Load(const float* p, const Cells& w) {
  return LoadChannels<kWhole>(p, w.channels);
}
template <bool kWhole>
HWY_INLINE void Store(V v, float* p, const Cells& w) {
  WriteChannels<false, kWhole>(v, p, w.channels);
}
template <bool kStreams, bool kWhole>
HWY_INLINE void Write(V v, float* p, const Cells& w) {
  WriteChannels<kStreams, kWhole>(v, p, w.channels);
}

// Winners' numbers from memory and to it, whatever a number takes.
template <bool kWhole>
HWY_INLINE VI LoadNumbers(const std::uint8_t* p, std::int64_t channels) {
  const hn::Rebind<std::uint8_t, I> bytes;
  return hn::PromoteTo(I(), kWhole ? hn::LoadU(bytes, p) : simd::LoadN(bytes, p, channels));
}
template <bool kWhole>
HWY_INLINE VI LoadNumbers(const std::int32_t* p, std::int64_t channels) {
  return kWhole ? hn::LoadU(I(), p) : simd::LoadN(I(), p, channels);
}
template <bool kWhole>
HWY_INLINE void StoreNumbers(VI v, std::uint8_t* p, const Cells& w) {
  const hn::Rebind<std::uint8_t, I> bytes;
  simd::StoreN(hn::DemoteTo(bytes, v), bytes, p, kWhole ? kLanes : w.channels);
}
template <bool kWhole>
HWY_INLINE void StoreNumbers(VI v, std::int32_t* p, const Cells& w) {
  simd::StoreN(v, I(), p, kWhole ? kLanes : w.channels);
}

// A row of windows, counted through all images.
struct WindowRow {
  WindowRow(const float* x, const Pool2dShape& shape, std::int64_t row)
      : s(shape),
        i(row % s.out_h),
        rows(s.rows(i)),
        y(row * s.out_w * s.channels),
        first(x + (row / s.out_h * s.in_h + rows.first) * s.in_w * s.channels) {}
  const Pool2dShape& s;
  std::int64_t i;
  Range rows;
  std::int64_t y;      // where its first result lies
  const float* first;  // the first cell of the image's row rows.first
};

HWY_INLINE Cells CellsOf(const WindowRow& row, std::int64_t j) {
  const Pool2dShape& s = row.s;
  const Range columns = s.columns(j);
  return {.first = row.first + columns.first * s.channels,
          .right = s.channels,
          .below = s.in_w * s.channels,
          .rows = row.rows.size(),
          .columns = columns.size(),
          .y = row.y + j * s.channels,
          .number = static_cast<std::int32_t>(s.number(row.i, j, row.rows.first, columns.first)),
          .line = static_cast<std::int32_t>(s.pool_w),
          .channels = s.channels};
}

// Calls f(whole, cells) for each vector of channels of a window; whole is a bool constant.
template <class F>
HWY_INLINE void ForEachVector(Cells w, F f) {
  for (; w.channels >= kLanes; w.channels -= kLanes, w.first += kLanes, w.y += kLanes) {
    f(std::true_type(), w);
  }
  if (w.channels > 0) f(std::false_type(), w);
}

// The same for windows [0, s.out_w) of a row; those of [first, last) lie whole inside the image. kSize:
// the windows are of kSize x kSize, which is then known of each that lies inside; or 0.
template <int kSize, class F>
HWY_INLINE void ForEachWindowOf(const WindowRow& windows, std::int64_t first, std::int64_t last,
                                F f) {
  const auto at_border = [&](std::int64_t j) HWY_ATTR HWY_NOINLINE {  // few: f is inlined once
    ForEachVector(CellsOf(windows, j), f);
  };
  for (std::int64_t j = 0; j < first; ++j) at_border(j);
  if (first < last) {
    const std::int64_t stride = windows.s.stride_w, channels = windows.s.channels;
    const std::int64_t taken = stride == 1 ? last - first : 1;
    Cells w = CellsOf(windows, first);
    if (kSize > 0) w.rows = w.columns = w.line = kSize, w.number = 0;
    w.channels = taken * channels;
    for (std::int64_t j = first; j < last; j += taken) {
      ForEachVector(w, f);
      w.first += stride * channels, w.y += channels;
    }
  }
  for (std::int64_t j = last; j < windows.s.out_w; ++j) at_border(j);
}

// The same for each window of row `row` of all images. Those that begin side by side and lie whole
// inside the image are taken as one of so many times the channels.
template <class F>
HWY_INLINE void ForEachWindow(const float* x, const Pool2dShape& s, std::int64_t row, F f) {
  const WindowRow windows(x, s, row);
  const std::int64_t first = std::min(s.out_w, (s.pad_left + s.stride_w - 1) / s.stride_w);
  const std::int64_t room = s.in_w + s.pad_left - s.pool_w;
  const std::int64_t last = std::clamp(room < 0 ? 0 : room / s.stride_w + 1, first, s.out_w);
  const auto whole = [&](std::int64_t size) HWY_ATTR {
    return s.pool_h == size && s.pool_w == size && windows.rows.size() == size;
  };
  if (whole(2)) return ForEachWindowOf<2>(windows, first, last, f);
  if (whole(3)) return ForEachWindowOf<3>(windows, first, last, f);
  ForEachWindowOf<0>(windows, first, last, f);
}

// Calls f(number in the window, distance from the first cell) row by row.
template <class F>
HWY_INLINE void ForEachCell(const Cells& w, F f) {
  std::int32_t line = w.number;
  for (std::int64_t r = 0; r < w.rows; ++r, line += w.line) {
    std::int32_t number = line;
    for (std::int64_t q = 0; q < w.columns; ++q) f(number++, r * w.below + q * w.right);
  }
}

// Is the window one of kSize x kSize that lies whole inside the image?
template <int kSize>
HWY_INLINE bool IsWhole(const Cells& w) {
  return w.rows == kSize && w.columns == kSize && w.line == kSize && w.number == 0;
}
// The cell of that number in such a window.
template <bool kWhole, int kSize>
HWY_INLINE V LoadCell(const Cells& w, int number) {
  return Load<kWhole>(w.first + number / kSize * w.below + number % kSize * w.right, w);
}

// Few channels leave lanes idle where windows are not side by side. Then a row is pooled at every
// column, so that it is one window of many channels, and what is not wanted is left out.
HWY_INLINE bool PoolsEveryColumn(const Pool2dShape& s) {
  return s.stride_w > 1 && s.channels < kLanes / 2;
}

// A row of windows at every column, as the only row of an image of its own.
struct EveryColumn {
  EveryColumn(const float* x, const Pool2dShape& s, std::int64_t row) : shape(s) {
    const WindowRow windows(x, s, row);
    first = windows.first;
    number = static_cast<std::int32_t>(s.number(windows.i, 0, windows.rows.first, -s.pad_left));
    shape.batch = shape.out_h = 1;
    shape.in_h = shape.pool_h = windows.rows.size();
    shape.pad_top = 0;
    shape.out_w = (s.out_w - 1) * s.stride_w + 1;
    shape.stride_w = 1;
  }
  Pool2dShape shape;
  const float* first;   // the image
  std::int32_t number;  // what winners' numbers lack, as rows above are cut off
};

constexpr std::int64_t kMostFew = 8;  // channels: kLanes / 2 of the longest vectors
// The results wanted of such a row, from `all`, which may be read kMostFew elements further.
template <class T>
HWY_INLINE void PickColumns(const T* all, const Pool2dShape& s, T* to) {
  const std::int64_t step = s.stride_w * s.channels, end = s.out_w * s.channels;
  std::int64_t at = 0;
  for (; at + kMostFew <= end; at += s.channels, all += step) {
    std::memcpy(to + at, all, kMostFew * sizeof(T));
  }
  for (; at < end; at += s.channels, all += step) {
    std::memcpy(to + at, all, static_cast<std::size_t>(s.channels) * sizeof(T));
  }
}

}  // namespace pool2d
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();
#endif
