#include "kernels/pool2d/bfloat16.h"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "kernels/cast/cast.h"
#include "kernels/parallel.h"
#include "kernels/run.h"
#include "kernels/scratch.h"

namespace keratin::kernels::cpu {
namespace {

void widen(const BFloat16* from, float* to, std::int64_t n) {
  pick(cast_ladder<BFloat16, float>, {n}).function(from, to, {n});
}
void narrow(const float* from, BFloat16* to, std::int64_t n) {
  pick(cast_ladder<float, BFloat16>, {n}).function(from, to, {n});
}

constexpr std::int64_t kBandElements = 4096;  // of x: 16 KiB as float32

// Part of an image: `shape` is that of an image of its own.
struct Band {
  std::int64_t x, y;  // its first elements among all
  Pool2dShape shape;
};

// Images, or bands of them where windows lie one under the other, in order; on all threads.
template <class F>
void for_each_band(const Pool2dShape& s, F f) {
  const std::int64_t in_row = s.in_w * s.channels, out_row = s.out_w * s.channels;
  const bool apart = s.stride_h >= s.pool_h && s.pad_top == 0 && s.out_h * s.stride_h <= s.in_h;
  const std::int64_t rows =  // of the output
      apart ? std::clamp<std::int64_t>(kBandElements / (s.stride_h * in_row), 1, s.out_h) : s.out_h;
  const std::int64_t bands = (s.out_h + rows - 1) / rows;
  parallel_for(s.batch * bands, grain_for(s.in_h / bands * in_row),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const std::int64_t image = i / bands, row = i % bands * rows;
                   const bool ends = i % bands == bands - 1;
                   Band band{(image * s.in_h + row * s.stride_h) * in_row,
                             (image * s.out_h + row) * out_row, s};
                   band.shape.batch = 1;
                   band.shape.out_h = std::min(rows, s.out_h - row);
                   band.shape.in_h = ends ? s.in_h - row * s.stride_h : rows * s.stride_h;
                   f(band);
                 }
               });
}

// A band's winners; of none, whatever.
template <class Bytes>
Bytes* at(Bytes* winners, const Band& band) {
  using Byte = std::conditional_t<std::is_const_v<Bytes>, const std::byte, std::byte>;
  return static_cast<Byte*>(winners) + band.y * band.shape.winner_bytes;
}

// From one band to the other, through float32.
template <class Function>
void through_float(Function function, const BFloat16* from, std::int64_t from_size, BFloat16* to,
                   std::int64_t to_size, const Pool2dShape& shape) {
  const FloatScratch x(from_size), y(to_size);
  widen(from, x.data(), from_size);
  function(x.data(), y.data(), shape);
  narrow(y.data(), to, to_size);
}

std::vector<float> widened(const BFloat16* x, std::int64_t n) {
  std::vector<float> wide(static_cast<std::size_t>(n));
  std::transform(x, x + n, wide.begin(), to_float);
  return wide;
}
void round_all(const std::vector<float>& x, BFloat16* y) {
  std::transform(x.begin(), x.end(), y, to_bfloat16);
}

}  // namespace

void max_pool2d_bfloat16_reference(const BFloat16* x, BFloat16* y, void* winners,
                                   const Pool2dShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.out_size()));
  max_pool2d_reference<float>(widened(x, s.in_size()).data(), wide.data(), winners, s);
  round_all(wide, y);
}
void max_pool2d_bfloat16_widened(const BFloat16* x, BFloat16* y, void* winners,
                                 const Pool2dShape& s) {
  for_each_band(s, [&](const Band& band) {
    const auto function = [&](const float* from, float* to, const Pool2dShape& shape) {
      pick(max_pool2d_ladder<float>, shape).function(from, to, at(winners, band), shape);
    };
    through_float(function, x + band.x, band.shape.in_size(), y + band.y, band.shape.out_size(),
                  band.shape);
  });
}

void max_pool2d_gradient_bfloat16_reference(const void* winners, const BFloat16* dy, BFloat16* dx,
                                            const Pool2dShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.in_size()));
  max_pool2d_gradient_reference<float>(winners, widened(dy, s.out_size()).data(), wide.data(), s);
  round_all(wide, dx);
}
void max_pool2d_gradient_bfloat16_widened(const void* winners, const BFloat16* dy, BFloat16* dx,
                                          const Pool2dShape& s) {
  for_each_band(s, [&](const Band& band) {
    const auto function = [&](const float* from, float* to, const Pool2dShape& shape) {
      pick(max_pool2d_gradient_ladder<float>, shape).function(at(winners, band), from, to, shape);
    };
    through_float(function, dy + band.y, band.shape.out_size(), dx + band.x, band.shape.in_size(),
                  band.shape);
  });
}

void average_pool2d_bfloat16_reference(const BFloat16* x, BFloat16* y, const Pool2dShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.out_size()));
  average_pool2d_reference<float>(widened(x, s.in_size()).data(), wide.data(), s);
  round_all(wide, y);
}
void average_pool2d_bfloat16_widened(const BFloat16* x, BFloat16* y, const Pool2dShape& s) {
  for_each_band(s, [&](const Band& band) {
    through_float(pick(average_pool2d_ladder<float>, band.shape).function, x + band.x,
                  band.shape.in_size(), y + band.y, band.shape.out_size(), band.shape);
  });
}

void average_pool2d_gradient_bfloat16_reference(const BFloat16* dy, BFloat16* dx,
                                                const Pool2dShape& s) {
  std::vector<float> wide(static_cast<std::size_t>(s.in_size()));
  average_pool2d_gradient_reference<float>(widened(dy, s.out_size()).data(), wide.data(), s);
  round_all(wide, dx);
}
void average_pool2d_gradient_bfloat16_widened(const BFloat16* dy, BFloat16* dx,
                                              const Pool2dShape& s) {
  for_each_band(s, [&](const Band& band) {
    through_float(pick(average_pool2d_gradient_ladder<float>, band.shape).function, dy + band.y,
                  band.shape.out_size(), dx + band.x, band.shape.in_size(), band.shape);
  });
}

}  // namespace keratin::kernels::cpu
