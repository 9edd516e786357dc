#include <fmt/format.h>

#include <vector>

#include "kernels/pool2d/pool2d.h"

namespace keratin::kernels {

std::string Pool2dShape::text() const {
  std::string text = fmt::format("[{}, {}, {}, {}] {}x{} -> [{}, {}, {}, {}]", batch, in_h, in_w,
                                 channels, pool_h, pool_w, batch, out_h, out_w, channels);
  if (stride_h != pool_h || stride_w != pool_w) {
    text += fmt::format(" stride {}x{}", stride_h, stride_w);
  }
  if (pad_top != 0 || pad_left != 0) text += fmt::format(" pad {}x{}", pad_top, pad_left);
  return text;
}

namespace cpu {
namespace {

// Calls f(y index, image and channel's first x index, rows, columns) for every window.
template <class F>
void for_each_window(const Pool2dShape& s, F f) {
  std::int64_t y = 0;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t i = 0; i < s.out_h; ++i)
      for (std::int64_t j = 0; j < s.out_w; ++j)
        for (std::int64_t c = 0; c < s.channels; ++c) {
          f(y++, n * s.in_h * s.in_w * s.channels + c, s.rows(i), s.columns(j));
        }
}

// Calls f(x index) for every cell of a window, row by row.
template <class F>
void for_each_cell(const Pool2dShape& s, std::int64_t x, Pool2dShape::Range rows,
                   Pool2dShape::Range columns, F f) {
  for (std::int64_t r = rows.first; r < rows.last; ++r)
    for (std::int64_t q = columns.first; q < columns.last; ++q)
      f(x + (r * s.in_w + q) * s.channels);
}

// Where the first largest cell, or the first NaN, is.
template <class T>
std::int64_t winner(const T* x, const Pool2dShape& s, std::int64_t image, Pool2dShape::Range rows,
                    Pool2dShape::Range columns) {
  std::int64_t best = -1;
  for_each_cell(s, image, rows, columns, [&](std::int64_t cell) {
    if (best < 0 || (x[best] == x[best] && !(x[cell] <= x[best]))) best = cell;
  });
  return best;
}

}  // namespace

template <class T>
void max_pool2d_reference(const T* x, T* y, const Pool2dShape& s) {
  for_each_window(s, [&](std::int64_t out, std::int64_t image, auto rows, auto columns) {
    y[out] = x[winner(x, s, image, rows, columns)];
  });
}

template <class T>
void max_pool2d_gradient_reference(const T* x, const T* dy, T* dx, const Pool2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  for_each_window(s, [&](std::int64_t out, std::int64_t image, auto rows, auto columns) {
    sums[static_cast<std::size_t>(winner(x, s, image, rows, columns))] +=
        static_cast<double>(dy[out]);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

template <class T>
void average_pool2d_reference(const T* x, T* y, const Pool2dShape& s) {
  for_each_window(s, [&](std::int64_t out, std::int64_t image, auto rows, auto columns) {
    double sum = 0;
    for_each_cell(s, image, rows, columns,
                  [&](std::int64_t cell) { sum += static_cast<double>(x[cell]); });
    y[out] = static_cast<T>(sum / static_cast<double>(rows.size() * columns.size()));
  });
}

template <class T>
void average_pool2d_gradient_reference(const T* dy, T* dx, const Pool2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  for_each_window(s, [&](std::int64_t out, std::int64_t image, auto rows, auto columns) {
    const double share =
        static_cast<double>(dy[out]) / static_cast<double>(rows.size() * columns.size());
    for_each_cell(s, image, rows, columns,
                  [&](std::int64_t cell) { sums[static_cast<std::size_t>(cell)] += share; });
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

#define KERATIN_INSTANTIATE(T)                                                             \
  template void max_pool2d_reference(const T*, T*, const Pool2dShape&);                    \
  template void max_pool2d_gradient_reference(const T*, const T*, T*, const Pool2dShape&); \
  template void average_pool2d_reference(const T*, T*, const Pool2dShape&);                \
  template void average_pool2d_gradient_reference(const T*, T*, const Pool2dShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
