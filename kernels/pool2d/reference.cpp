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

// Calls f(y index, image and channel's first x index, window's row and column) for every window.
template <class F>
void for_each_window(const Pool2dShape& s, F f) {
  std::int64_t y = 0;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t i = 0; i < s.out_h; ++i)
      for (std::int64_t j = 0; j < s.out_w; ++j)
        for (std::int64_t c = 0; c < s.channels; ++c) {
          f(y++, n * s.in_h * s.in_w * s.channels + c, i, j);
        }
}

// Calls f(x index, number in the window) for every cell of window (i, j), row by row.
template <class F>
void for_each_cell(const Pool2dShape& s, std::int64_t x, std::int64_t i, std::int64_t j, F f) {
  const Pool2dShape::Range rows = s.rows(i), columns = s.columns(j);
  for (std::int64_t r = rows.first; r < rows.last; ++r)
    for (std::int64_t q = columns.first; q < columns.last; ++q)
      f(x + (r * s.in_w + q) * s.channels, s.number(i, j, r, q));
}

std::int64_t winner_at(const void* winners, const Pool2dShape& s, std::int64_t y) {
  return s.winner_bytes == 1 ? static_cast<const std::uint8_t*>(winners)[y]
                             : static_cast<const std::int32_t*>(winners)[y];
}
void put_winner(void* winners, const Pool2dShape& s, std::int64_t y, std::int64_t number) {
  if (s.winner_bytes == 1)
    static_cast<std::uint8_t*>(winners)[y] = static_cast<std::uint8_t>(number);
  if (s.winner_bytes == 4)
    static_cast<std::int32_t*>(winners)[y] = static_cast<std::int32_t>(number);
}

}  // namespace

template <class T>
void max_pool2d_reference(const T* x, T* y, void* winners, const Pool2dShape& s) {
  for_each_window(s, [&](std::int64_t out, std::int64_t image, std::int64_t i, std::int64_t j) {
    std::int64_t best = -1, winner = 0;
    for_each_cell(s, image, i, j, [&](std::int64_t cell, std::int64_t number) {
      if (best < 0 || (x[best] == x[best] && !(x[cell] <= x[best]))) best = cell, winner = number;
    });
    y[out] = x[best];
    put_winner(winners, s, out, winner);
  });
}

template <class T>
void max_pool2d_gradient_reference(const void* winners, const T* dy, T* dx, const Pool2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  for_each_window(s, [&](std::int64_t out, std::int64_t image, std::int64_t i, std::int64_t j) {
    for_each_cell(s, image, i, j, [&](std::int64_t cell, std::int64_t number) {
      if (number != winner_at(winners, s, out)) return;
      sums[static_cast<std::size_t>(cell)] += static_cast<double>(dy[out]);
    });
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

template <class T>
void average_pool2d_reference(const T* x, T* y, const Pool2dShape& s) {
  for_each_window(s, [&](std::int64_t out, std::int64_t image, std::int64_t i, std::int64_t j) {
    double sum = 0;
    for_each_cell(s, image, i, j,
                  [&](std::int64_t cell, std::int64_t) { sum += static_cast<double>(x[cell]); });
    y[out] = static_cast<T>(sum / static_cast<double>(s.rows(i).size() * s.columns(j).size()));
  });
}

template <class T>
void average_pool2d_gradient_reference(const T* dy, T* dx, const Pool2dShape& s) {
  std::vector<double> sums(static_cast<std::size_t>(s.in_size()));
  for_each_window(s, [&](std::int64_t out, std::int64_t image, std::int64_t i, std::int64_t j) {
    const double share =
        static_cast<double>(dy[out]) / static_cast<double>(s.rows(i).size() * s.columns(j).size());
    for_each_cell(s, image, i, j, [&](std::int64_t cell, std::int64_t) {
      sums[static_cast<std::size_t>(cell)] += share;
    });
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dx[i] = static_cast<T>(sums[i]);
}

#define KERATIN_INSTANTIATE(T)                                                                \
  template void max_pool2d_reference(const T*, T*, void*, const Pool2dShape&);                \
  template void max_pool2d_gradient_reference(const void*, const T*, T*, const Pool2dShape&); \
  template void average_pool2d_reference(const T*, T*, const Pool2dShape&);                   \
  template void average_pool2d_gradient_reference(const T*, T*, const Pool2dShape&);
KERATIN_INSTANTIATE(float)
KERATIN_INSTANTIATE(double)
#undef KERATIN_INSTANTIATE

}  // namespace cpu
}  // namespace keratin::kernels
