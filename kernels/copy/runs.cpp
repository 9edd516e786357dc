#include <algorithm>
#include <cstring>

#include "kernels/copy/copy.h"
#include "kernels/error.h"
#include "kernels/parallel.h"

namespace keratin::kernels::cpu {

namespace {

// Calls f with an unsigned integer of the element's size.
template <class F>
void with_element(int element_size, F&& f) {
  switch (element_size) {
    case 1:
      return f(std::uint8_t{});
    case 2:
      return f(std::uint16_t{});
    case 4:
      return f(std::uint32_t{});
    case 8:
      return f(std::uint64_t{});
    default:
      KERATIN_ASSERT(!"an element is 1, 2, 4 or 8 bytes");
  }
}

// One run along the last axis.
template <class T>
void copy_run(const T* x, std::int64_t x_stride, T* y, std::int64_t y_stride, std::int64_t n) {
  if (y_stride == 1 && x_stride == 1) {
    std::memcpy(y, x, static_cast<std::size_t>(n) * sizeof(T));
  } else if (y_stride == 1 && x_stride == 0) {
    std::fill(y, y + n, *x);
  } else if (y_stride == 1 && x_stride == -1) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[-i];
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i * y_stride] = x[i * x_stride];
  }
}

// A collapsed box as runs along its last axis; long runs are cut, so that a plain copy of one run
// is shared out too.
struct Runs {
  static constexpr std::int64_t kLongest = 32768;  // elements

  CopyShape s;
  std::int64_t rows = 1, length = 1, x_stride = 1, y_stride = 1;  // of the last axis
  std::int64_t pieces = 1;                                        // of a run
  std::size_t outer = 0;                                          // axes

  explicit Runs(const CopyShape& given) : s(given.collapsed()) {
    if (s.rank > 0) {
      outer = static_cast<std::size_t>(s.rank - 1);
      length = s.sizes[outer];
      x_stride = s.x_strides[outer];
      y_stride = s.y_strides[outer];
    }
    for (std::size_t k = 0; k < outer; ++k) rows *= s.sizes[k];
    pieces = (length + kLongest - 1) / kLongest;
  }

  template <class T>
  void copy(const T* x, T* y, std::int64_t first, std::int64_t last) const {
    // The index of the first run; from there on it is counted up.
    std::array<std::int64_t, CopyShape::kMaxRank> index{};
    std::int64_t rest = first / pieces, piece = first % pieces;
    std::int64_t from = s.x_offset, to = s.y_offset;
    for (std::size_t k = outer; k-- > 0;) {
      index[k] = rest % s.sizes[k];
      rest /= s.sizes[k];
      from += index[k] * s.x_strides[k];
      to += index[k] * s.y_strides[k];
    }
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t begin = piece * kLongest, end = std::min(length, begin + kLongest);
      copy_run(x + from + begin * x_stride, x_stride, y + to + begin * y_stride, y_stride,
               end - begin);
      if (++piece < pieces) continue;
      piece = 0;
      for (std::size_t k = outer; k-- > 0;) {
        from += s.x_strides[k];
        to += s.y_strides[k];
        if (++index[k] < s.sizes[k]) break;
        from -= s.sizes[k] * s.x_strides[k];
        to -= s.sizes[k] * s.y_strides[k];
        index[k] = 0;
      }
    }
  }
};

}  // namespace

void strided_copy_runs(const void* x, void* y, const CopyShape& s) {
  const Runs runs(s);
  if (runs.rows == 0 || runs.length == 0) return;
  parallel_for(runs.rows * runs.pieces, grain_for(std::min(runs.length, Runs::kLongest) + 4),
               [&](std::int64_t first, std::int64_t last) {
                 with_element(s.element_size, [&](auto element) {
                   using T = decltype(element);
                   runs.copy(static_cast<const T*>(x), static_cast<T*>(y), first, last);
                 });
               });
}

// Row by row of y along its last axis: before, x's row, after; or nothing but the value.
void pad_runs(const void* x, void* y, const void* value, const PadShape& s) {
  const auto outer = static_cast<std::size_t>(s.rank > 0 ? s.rank - 1 : 0);
  const std::int64_t length = s.rank > 0 ? s.sizes[outer] : 1;
  const std::int64_t before = s.rank > 0 ? s.before[outer] : 0;
  const std::int64_t after = s.rank > 0 ? s.after[outer] : 0;
  const std::int64_t width = before + length + after;
  std::int64_t rows = 1;
  for (std::size_t k = 0; k < outer; ++k) rows *= s.before[k] + s.sizes[k] + s.after[k];
  if (rows == 0 || width == 0) return;
  with_element(s.element_size, [&](auto element) {
    using T = decltype(element);
    T fill;
    std::memcpy(&fill, value, sizeof fill);
    parallel_for(rows, grain_for(width + 4), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row) {
        std::int64_t rest = row, from = 0, stride = length;
        bool inside = true;
        for (std::size_t k = outer; k-- > 0;) {
          const std::int64_t size = s.before[k] + s.sizes[k] + s.after[k];
          const std::int64_t at = rest % size - s.before[k];
          inside = inside && at >= 0 && at < s.sizes[k];
          from += at * stride;
          stride *= s.sizes[k];
          rest /= size;
        }
        T* to = static_cast<T*>(y) + row * width;
        if (!inside) {
          std::fill(to, to + width, fill);
          continue;
        }
        to = std::fill_n(to, before, fill);
        if (length > 0) {
          std::memcpy(to, static_cast<const T*>(x) + from,
                      static_cast<std::size_t>(length) * sizeof(T));
        }
        std::fill_n(to + length, after, fill);
      }
    });
  });
}

template <class I>
void one_hot_runs(const I* index, void* y, const void* one, const OneHotShape& s) {
  const std::int64_t width = s.depth * s.element_size;  // bytes
  parallel_for(s.count, grain_for(s.depth), [&](std::int64_t first, std::int64_t last) {
    char* rows = static_cast<char*>(y) + first * width;
    if (width > 0) std::memset(rows, 0, static_cast<std::size_t>((last - first) * width));
    for (std::int64_t i = first; i < last; ++i, rows += width) {
      const auto column = static_cast<std::int64_t>(index[i]);
      if (column < 0 || column >= s.depth) continue;
      std::memcpy(rows + column * s.element_size, one, static_cast<std::size_t>(s.element_size));
    }
  });
}

template void one_hot_runs(const std::int32_t*, void*, const void*, const OneHotShape&);
template void one_hot_runs(const std::int64_t*, void*, const void*, const OneHotShape&);

}  // namespace keratin::kernels::cpu
