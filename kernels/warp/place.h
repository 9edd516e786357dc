// Where output pixels come from, one at a time. Templates that may be constant, which nvcc compiles
// for the device as well.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/warp/warp.h"

namespace keratin::kernels {

/// A place along one axis of `size` pixels, brought inside unless the mode is constant.
template <class Float>
constexpr Float mapped_place(Float at, std::int64_t size, FillMode mode) {
  const auto n = static_cast<Float>(size);
  if (mode == FillMode::constant) return at;
  if (mode == FillMode::reflect && size > 1) {
    const Float period = 2 * n;
    if (at < 0) {
      at = std::fma(period, std::trunc(-at / period), at);
      at = at < -n ? at + period : -at - 1;
    } else if (at > n - 1) {
      at = std::fma(-period, std::trunc(at / period), at);
      if (at >= n) at = period - at - 1;
    }
  } else if (mode == FillMode::wrap && size > 1) {
    if (at < 0) {
      at = std::fma(n, std::trunc(-at / (n - 1)) + 1, at);
    } else if (at > n - 1) {
      at = std::fma(-n, std::trunc(at / (n - 1)), at);
    }
  }
  if (!(at >= 0)) return 0;  // NaN too
  return at > n - 1 ? n - 1 : at;
}

struct Place {
  float v, u;  // row, column
};
/// NaN where the denominator is 0.
template <class Float>
constexpr Place place_of(const Float* m, std::int64_t row, std::int64_t column,
                         const WarpShape& s) {
  const auto r = static_cast<float>(row), q = static_cast<float>(column);
  const float k = std::fma(m[6], q, std::fma(m[7], r, 1.0f));
  const float u = std::fma(m[0], q, std::fma(m[1], r, m[2])) / k;
  const float v = std::fma(m[3], q, std::fma(m[4], r, m[5])) / k;
  const bool at_infinity = k == 0;
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  return {mapped_place(at_infinity ? none : v, s.in_h, s.fill_mode),
          mapped_place(at_infinity ? none : u, s.in_w, s.fill_mode)};
}

/// Calls f(row, column, weight) for the one or four pixels that a place is made of; some may lie
/// outside of the image. None where the place is no number or far away. I: of rows and columns.
template <class I = std::int64_t, class F>
constexpr void for_each_source(const Place& at, const WarpShape& s, F f) {
  const auto far_outside = [](float p, std::int64_t size) {
    return !(p > -2 && p < static_cast<float>(size) + 1);
  };
  if (far_outside(at.v, s.in_h) || far_outside(at.u, s.in_w)) return;
  if (s.interpolation == Interpolation::nearest) {
    f(static_cast<I>(std::round(at.v)), static_cast<I>(std::round(at.u)), 1.0f);
    return;
  }
  const float v0 = std::floor(at.v), u0 = std::floor(at.u), v = at.v - v0, u = at.u - u0;
  const auto r = static_cast<I>(v0), q = static_cast<I>(u0);
  f(r, q, (1 - v) * (1 - u));
  f(r, q + 1, (1 - v) * u);
  f(r + 1, q, v * (1 - u));
  f(r + 1, q + 1, v * u);
}

constexpr bool inside(std::int64_t row, std::int64_t column, const WarpShape& s) {
  return row >= 0 && row < s.in_h && column >= 0 && column < s.in_w;
}

/// Channel c of a pixel of one image.
template <class T>
constexpr double pixel_at(const T* image, const Place& at, std::int64_t c, const WarpShape& s) {
  double sum = 0, weights = 0;
  for_each_source(at, s, [&](std::int64_t r, std::int64_t q, float weight) {
    weights += static_cast<double>(weight);
    if (weight == 0) return;
    sum += static_cast<double>(weight) *
           (inside(r, q, s) ? static_cast<double>(image[(r * s.in_w + q) * s.channels + c])
                            : s.fill_value);
  });
  return weights == 0 ? s.fill_value : sum;
}

/// dx of one image, added to `sums`.
template <class T, class Sum>
void add_warp_gradient(const T* dy, const float* matrix, Sum* sums, const WarpShape& s) {
  for (std::int64_t r = 0; r < s.out_h; ++r)
    for (std::int64_t q = 0; q < s.out_w; ++q, dy += s.channels)
      for_each_source(place_of(matrix, r, q, s), s,
                      [&](std::int64_t row, std::int64_t column, float weight) {
                        if (!inside(row, column, s)) return;
                        Sum* const to = sums + (row * s.in_w + column) * s.channels;
                        for (std::int64_t c = 0; c < s.channels; ++c)
                          to[c] += static_cast<Sum>(weight) * static_cast<Sum>(dy[c]);
                      });
}

}  // namespace keratin::kernels
