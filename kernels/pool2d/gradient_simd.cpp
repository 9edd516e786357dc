// Gradients of pooling, a vector of channels at a time. Each cell of the input sums what the windows
// that hold it send and is written once, by any thread; windows side by side write their own cells.
#include <algorithm>
#include <type_traits>

#include "kernels/parallel.h"
#include "kernels/pool2d/pool2d.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool2d/gradient_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool2d/windows_simd.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace pool2d;  // NOLINT: the windows' vocabulary, inside an unnamed namespace

// What windows of a maximum send to their cells: dy in channels whose winner the cell is. N is what a
// winner's number takes.
template <class N>
struct Won {
  const Pool2dShape& s;
  const float* dy;
  const N* winners;

  struct Outputs {
    V dy;
    VI winner;
  };
  template <bool kWhole>
  HWY_INLINE Outputs Load(std::int64_t y, std::int64_t channels) const {
    return {LoadChannels<kWhole>(dy + y, channels), LoadNumbers<kWhole>(winners + y, channels)};
  }
  // Of the cell `row` and `column` in window (i, j).
  using Key = VI;
  HWY_INLINE Key KeyOf(std::int64_t i, std::int64_t j, std::int64_t row,
                       std::int64_t column) const {
    return hn::Set(I(), static_cast<std::int32_t>(s.number(i, j, row, column)));
  }
  static HWY_INLINE V Sent(const Outputs& from, Key number) {
    return hn::IfThenElseZero(hn::RebindMask(D(), hn::Eq(from.winner, number)), from.dy);
  }
};

// And windows of a mean: dy / cells.
struct Parts {
  const Pool2dShape& s;
  const float* dy;
  const float *of_rows, *of_columns;  // 1 / the rows, the columns of each window

  using Outputs = V;
  template <bool kWhole>
  HWY_INLINE Outputs Load(std::int64_t y, std::int64_t channels) const {
    return LoadChannels<kWhole>(dy + y, channels);
  }
  using Key = V;
  HWY_INLINE Key KeyOf(std::int64_t i, std::int64_t j, std::int64_t, std::int64_t) const {
    return hn::Set(D(), of_rows[i] * of_columns[j]);
  }
  static HWY_INLINE V Sent(Outputs from, Key part) { return hn::Mul(from, part); }
};

template <class F>
HWY_INLINE void ForEachVectorOfChannels(std::int64_t channels, F f) {
  std::int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) f(std::true_type(), c);
  if (c < channels) f(std::false_type(), c);
}

// A cell of the input and the windows that hold it; or several cells side by side as one of so many
// times the channels.
struct Held {
  std::int64_t row, column;
  Range down, across;
  std::int64_t y;  // where the outputs of the first of them begin
  std::int64_t channels;
};

// One cell, `to`, held by kDown x kAcross windows.
template <bool kStreams, int kDown, int kAcross, class Source>
HWY_INLINE void GatherFew(const Source& source, const Held& h, float* to) {
  const std::int64_t right = source.s.channels, below = source.s.out_w * right;
  typename Source::Key keys[kDown * kAcross];
  KERATIN_UNROLL
  for (int w = 0; w < kDown * kAcross; ++w) {
    keys[w] =
        source.KeyOf(h.down.first + w / kAcross, h.across.first + w % kAcross, h.row, h.column);
  }
  ForEachVectorOfChannels(h.channels, [&](auto whole, std::int64_t c) HWY_ATTR {
    const std::int64_t y = h.y + c, channels = h.channels - c;
    V sum = source.Sent(source.template Load<whole>(y, channels), keys[0]);
    KERATIN_UNROLL
    for (int w = 1; w < kDown * kAcross; ++w) {
      const std::int64_t at = y + w / kAcross * below + w % kAcross * right;
      const auto from = source.template Load<whole>(at, channels);
      sum = hn::Add(sum, source.Sent(from, keys[w]));
    }
    WriteChannels<kStreams, whole>(sum, to + c, channels);
  });
}

// The same for any number of them, none as well.
template <bool kStreams, class Source>
HWY_INLINE void GatherAny(const Source& source, const Held& h, float* to) {
  const std::int64_t right = source.s.channels, below = source.s.out_w * right;
  ForEachVectorOfChannels(h.channels, [&](auto whole, std::int64_t c) HWY_ATTR {
    const std::int64_t channels = h.channels - c;
    V sum = hn::Zero(D());
    for (std::int64_t i = h.down.first; i < h.down.last; ++i) {
      std::int64_t y = h.y + (i - h.down.first) * below + c;
      for (std::int64_t j = h.across.first; j < h.across.last; ++j, y += right) {
        const auto from = source.template Load<whole>(y, channels);
        sum = hn::Add(sum, source.Sent(from, source.KeyOf(i, j, h.row, h.column)));
      }
    }
    WriteChannels<kStreams, whole>(sum, to + c, channels);
  });
}

template <bool kStreams, class Source>
HWY_INLINE void Gather(const Source& source, const Held& h, float* to) {
  const std::int64_t rows = h.down.size(), columns = h.across.size();
  if (rows == 1 && columns == 1) return GatherFew<kStreams, 1, 1>(source, h, to);
  if (rows == 1 && columns == 2) return GatherFew<kStreams, 1, 2>(source, h, to);
  if (rows == 2 && columns == 1) return GatherFew<kStreams, 2, 1>(source, h, to);
  if (rows == 2 && columns == 2) return GatherFew<kStreams, 2, 2>(source, h, to);
  if (rows == 3 && columns == 3) return GatherFew<kStreams, 3, 3>(source, h, to);
  GatherAny<kStreams>(source, h, to);
}

// Rows [first, last) of all images.
template <bool kStreams, class Source>
HWY_INLINE void GatherRows(const Source& source, float* dx, std::int64_t first, std::int64_t last) {
  const Pool2dShape& s = source.s;
  const Scratch scratch(static_cast<std::size_t>(s.in_w) * sizeof(Range));
  Range* const across = scratch.as<Range>();
  for (std::int64_t q = 0; q < s.in_w; ++q) across[q] = s.columns_with(q);
  for (std::int64_t at = first; at < last; ++at) {
    const std::int64_t row = at % s.in_h;
    const Range down = s.rows_with(row);
    const std::int64_t outputs = (at / s.in_h * s.out_h + down.first) * s.out_w;
    float* const to = dx + at * s.in_w * s.channels;
    const auto gather = [&](std::int64_t q, std::int64_t cells) HWY_ATTR {
      const Held h{
          row, q, down, across[q], (outputs + across[q].first) * s.channels, cells * s.channels};
      Gather<kStreams>(source, h, to + q * s.channels);
    };
    // Where windows begin at every column, cells whose windows lie whole inside are alike.
    const std::int64_t alike = s.stride_w == 1 ? std::min(s.pool_w - 1, s.in_w) : s.in_w;
    const std::int64_t end = std::max(alike, std::min(s.in_w - s.pool_w + 1, s.out_w - s.pad_left));
    for (std::int64_t q = 0; q < alike; ++q) gather(q, 1);
    if (end > alike) gather(alike, end - alike);
    for (std::int64_t q = end; q < s.in_w; ++q) gather(q, 1);
  }
}

// What the windows of a row, side by side, send to their cells: the same keys for each of them.
// kPool x kPool cells a window, or any number of them if it is 0.
template <int kPool, class Source>
struct Spreading {
  using Key = typename Source::Key;
  HWY_INLINE Spreading(const Source& from, std::int64_t row)
      : source(from),
        i(row % from.s.out_h),
        y(row * from.s.out_w * from.s.channels),
        channels(from.s.channels),
        windows(from.s.out_w),
        pool_h(kPool > 0 ? kPool : from.s.pool_h),
        pool_w(kPool > 0 ? kPool : from.s.pool_w),
        line(from.s.in_w * from.s.channels) {
    if constexpr (kPool > 0) {
      KERATIN_UNROLL
      for (int cell = 0; cell < kPool * kPool; ++cell) keys[cell] = key(cell / kPool, cell % kPool);
    }
  }
  HWY_INLINE Key key(std::int64_t r, std::int64_t q) const {
    return source.KeyOf(i, 0, i * pool_h + r, q);
  }
  HWY_INLINE Key KeyOf(std::int64_t r, std::int64_t q) const {
    if constexpr (kPool > 0) return keys[r * kPool + q];
    return key(r, q);
  }

  const Source source;  // copied: a vector store may alias anything
  const std::int64_t i, y;
  const std::int64_t channels, windows, pool_h, pool_w, line;
  Key keys[kPool > 0 ? kPool* kPool : 1];
};

// Each window of the row sends to its cells, which begin at `rows`.
template <int kPool, class Source>
HWY_INLINE void SpreadWindowByWindow(const Source& source, std::int64_t row, float* rows) {
  const Spreading<kPool, Source> s(source, row);
  std::int64_t y = s.y;
  float* cells = rows;
  for (std::int64_t j = 0; j < s.windows; ++j, y += s.channels, cells += s.pool_w * s.channels) {
    ForEachVectorOfChannels(s.channels, [&](auto whole, std::int64_t c) HWY_ATTR {
      const auto from = s.source.template Load<whole>(y + c, s.channels - c);
      KERATIN_UNROLL
      for (std::int64_t r = 0; r < s.pool_h; ++r) {
        KERATIN_UNROLL
        for (std::int64_t q = 0; q < s.pool_w; ++q) {
          float* const cell = cells + r * s.line + q * s.channels + c;
          WriteChannels<false, whole>(s.source.Sent(from, s.KeyOf(r, q)), cell, s.channels - c);
        }
      }
    });
  }
}

// The same past the caches, in the order in which the cells lie: few lines at a time are gathered
// before they leave, and a half of one that has to make room costs as much as a whole one.
template <int kPool, class Source>
HWY_INLINE void SpreadLineByLine(const Source& source, std::int64_t row, float* rows) {
  const Spreading<kPool, Source> s(source, row);
  for (std::int64_t r = 0; r < s.pool_h; ++r) {
    std::int64_t y = s.y;
    float* cell = rows + r * s.line;
    for (std::int64_t j = 0; j < s.windows; ++j, y += s.channels) {
      KERATIN_UNROLL
      for (std::int64_t q = 0; q < s.pool_w; ++q, cell += s.channels) {
        const auto key = s.KeyOf(r, q);
        ForEachVectorOfChannels(s.channels, [&](auto whole, std::int64_t c) HWY_ATTR {
          const auto from = s.source.template Load<whole>(y + c, s.channels - c);
          WriteChannels<true, whole>(s.source.Sent(from, key), cell + c, s.channels - c);
        });
      }
    }
  }
}

// Rows [first, last) of windows side by side, in all images.
template <bool kStreams, int kPool, class Source>
HWY_INLINE void SpreadRows(const Source& source, float* dx, std::int64_t first, std::int64_t last) {
  const Pool2dShape& s = source.s;
  const std::int64_t pool_h = kPool > 0 ? kPool : s.pool_h, pool_w = kPool > 0 ? kPool : s.pool_w;
  const std::int64_t channels = s.channels, line = s.in_w * channels;
  for (std::int64_t at = first; at < last; ++at) {
    const std::int64_t i = at % s.out_h;
    float* const rows = dx + (at / s.out_h * s.in_h + i * pool_h) * line;
    if constexpr (kStreams) {
      SpreadLineByLine<kPool>(source, at, rows);
    } else {
      SpreadWindowByWindow<kPool>(source, at, rows);
    }
    // What no window holds, at the right and at the bottom.
    const std::int64_t covered = s.out_w * pool_w * channels;
    for (std::int64_t r = 0; r < pool_h; ++r) {
      std::fill(rows + r * line + covered, rows + (r + 1) * line, 0.0f);
    }
    if (i == s.out_h - 1)
      std::fill(rows + pool_h * line, rows + (s.in_h - i * pool_h) * line, 0.0f);
  }
}

bool SideBySide(const Pool2dShape& s) {
  return s.stride_h == s.pool_h && s.stride_w == s.pool_w && s.pad_top == 0 && s.pad_left == 0 &&
         s.out_h * s.pool_h <= s.in_h && s.out_w * s.pool_w <= s.in_w;
}

// Rows of windows if they are SideBySide, else of the input.
template <bool kStreams, class Source>
HWY_INLINE void GradientRows(const Source& source, float* dx, std::int64_t first,
                             std::int64_t last) {
  if (!SideBySide(source.s)) return GatherRows<kStreams>(source, dx, first, last);
  if (source.s.pool_h == 2 && source.s.pool_w == 2) {
    return SpreadRows<kStreams, 2>(source, dx, first, last);
  }
  if (source.s.pool_h == 3 && source.s.pool_w == 3) {
    return SpreadRows<kStreams, 3>(source, dx, first, last);
  }
  SpreadRows<kStreams, 0>(source, dx, first, last);
}

// `streams`: past the caches.
void MaxGradientRows(const void* winners, const float* dy, float* dx, const Pool2dShape& s,
                     bool streams, std::int64_t first, std::int64_t last) {
  const auto rows = [&](auto streamed) {
    constexpr bool kStreams = decltype(streamed)::value;
    if (s.winner_bytes == 1) {
      const Won<std::uint8_t> won{s, dy, static_cast<const std::uint8_t*>(winners)};
      GradientRows<kStreams>(won, dx, first, last);
    } else {
      const Won<std::int32_t> won{s, dy, static_cast<const std::int32_t*>(winners)};
      GradientRows<kStreams>(won, dx, first, last);
    }
  };
  if (streams) return rows(std::true_type());
  rows(std::false_type());
}

void AverageGradientRows(const float* dy, float* dx, const Pool2dShape& s, bool streams,
                         std::int64_t first, std::int64_t last) {
  const FloatScratch of_rows(s.out_h), of_columns(s.out_w);
  for (std::int64_t i = 0; i < s.out_h; ++i) {
    of_rows.data()[i] = 1.0f / static_cast<float>(s.rows(i).size());
  }
  for (std::int64_t j = 0; j < s.out_w; ++j) {
    of_columns.data()[j] = 1.0f / static_cast<float>(s.columns(j).size());
  }
  const Parts parts{s, dy, of_rows.data(), of_columns.data()};
  if (streams) return GradientRows<true>(parts, dx, first, last);
  GradientRows<false>(parts, dx, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(SideBySide);
HWY_EXPORT(MaxGradientRows);
HWY_EXPORT(AverageGradientRows);

namespace {
// Calls rows(first, last, past the caches?) for all rows of windows or of the input, in pieces.
template <class F>
void gradient_of_rows(const Pool2dShape& s, double bytes, const float* dx, F rows) {
  const bool streamed = streams_lines(bytes, dx, s.channels);
  const bool of_windows = HWY_DYNAMIC_DISPATCH(SideBySide)(s);
  const std::int64_t height = of_windows ? s.out_h : s.in_h;
  const std::int64_t work = s.in_w * s.channels * (of_windows ? s.pool_h : 4);
  parallel_for(s.batch * height, grain_for(work), [&](std::int64_t first, std::int64_t last) {
    rows(first, last, streamed);
    if (streamed) finish_streaming();
  });
}
}  // namespace

void max_pool2d_gradient_simd(const void* winners, const float* dy, float* dx,
                              const Pool2dShape& s) {
  gradient_of_rows(s, max_pool2d_cost<float>(s).bytes, dx,
                   [&](std::int64_t first, std::int64_t last, bool streamed) {
                     HWY_DYNAMIC_DISPATCH(MaxGradientRows)
                     (winners, dy, dx, s, streamed, first, last);
                   });
}

void average_pool2d_gradient_simd(const float* dy, float* dx, const Pool2dShape& s) {
  gradient_of_rows(s, average_pool2d_cost<float>(s).bytes, dx,
                   [&](std::int64_t first, std::int64_t last, bool streamed) {
                     HWY_DYNAMIC_DISPATCH(AverageGradientRows)(dy, dx, s, streamed, first, last);
                   });
}

}  // namespace keratin::kernels::cpu
#endif
