#include <algorithm>
#include <cmath>

#include "kernels/layer_normalization/layer_normalization.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/layer_normalization/simd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// One row; `next`: the row after it, or null. kStreams: y goes past the caches, in whole vectors at
// aligned places.
template <bool kStreams>
void NormalizeRow(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                  float* scale, std::int64_t n, double epsilon, const float* next) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const float m = simd::SumOver(d, n,
                                [&](std::int64_t c, std::int64_t left)
                                    HWY_ATTR { return simd::LoadN(d, x + c, left); }) /
                  static_cast<float>(n);
  // Of the rounded mean; how far it is off shows in the sum of what is left.
  const V vm = hn::Set(d, m);
  V off = hn::Zero(d);
  const float squares = simd::SumOver(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    if (next != nullptr) hwy::Prefetch(next + c);
    V v = hn::Sub(simd::LoadN(d, x + c, left), vm);
    if (left < w) v = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(left)), v);
    off = hn::Add(off, v);
    return hn::Mul(v, v);
  });
  const float rest = simd::ReduceSum(d, off) / static_cast<float>(n);
  const double variance = static_cast<double>(squares) / static_cast<double>(n) -
                          static_cast<double>(rest) * static_cast<double>(rest);
  const double k = 1 / std::sqrt(std::max(variance, 0.0) + epsilon);
  *mean = m + rest;
  *scale = static_cast<float>(k);
  const V vk = hn::Set(d, static_cast<float>(k)),
          shift = hn::Set(d, static_cast<float>(-static_cast<double>(rest) * k));
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    const V xhat = hn::MulAdd(hn::Sub(simd::LoadN(d, x + c, left), vm), vk, shift);
    const V result =
        hn::MulAdd(xhat, simd::LoadN(d, gamma + c, left), simd::LoadN(d, beta + c, left));
    if constexpr (kStreams) {
      hn::Stream(result, d, y + c);
    } else {
      simd::StoreN(result, d, y + c, left);
    }
  });
}

void NormalizeRows(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                   float* scale, const LayerNormShape& s, bool streams, std::int64_t first,
                   std::int64_t last) {
  const auto run = streams ? NormalizeRow<true> : NormalizeRow<false>;
  for (std::int64_t r = first; r < last; ++r) {
    const float* const row = x + r * s.cols;
    run(row, gamma, beta, y + r * s.cols, mean + r, scale + r, s.cols, s.epsilon,
        r + 1 < last ? row + s.cols : nullptr);
  }
}

// Several rows: dgamma and dbeta are added to. kRows rows share each load and store of these.
// kStreams: dx goes past the caches, in whole vectors at aligned places. more: as many rows follow,
// which are asked for, x while this x is read for the last time but one, dy while dx is written.
template <int kRows, bool kStreams>
HWY_INLINE void GradientOfRows(const float* x, const float* dy, const float* gamma,
                               const float* mean, const float* scale, float* dx, float* dgamma,
                               float* dbeta, std::int64_t n, bool more) {
  const D d;
  const std::int64_t next = more ? kRows * n : 0;
  V sum[kRows], dot[kRows];
  KERATIN_UNROLL
  for (int r = 0; r < kRows; ++r) sum[r] = dot[r] = hn::Zero(d);
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    const V g = simd::LoadN(d, gamma + c, left);  // 0 past the end, and dy too
    V a = simd::LoadN(d, dgamma + c, left), b = simd::LoadN(d, dbeta + c, left);
    KERATIN_UNROLL
    for (int r = 0; r < kRows; ++r) {
      if (kRows > 1) __builtin_prefetch(x + next + r * n + c, 0, 2);
      const V xhat = hn::Mul(hn::Sub(simd::LoadN(d, x + r * n + c, left), hn::Set(d, mean[r])),
                             hn::Set(d, scale[r]));
      const V e = simd::LoadN(d, dy + r * n + c, left), f = hn::Mul(e, g);
      a = hn::MulAdd(e, xhat, a);
      b = hn::Add(b, e);
      sum[r] = hn::Add(sum[r], f);
      dot[r] = hn::MulAdd(f, xhat, dot[r]);
    }
    simd::StoreN(a, d, dgamma + c, left);
    simd::StoreN(b, d, dbeta + c, left);
  });
  const float share = 1.0f / static_cast<float>(n);
  KERATIN_UNROLL
  for (int r = 0; r < kRows; ++r) {
    // dx = g scale - (x - mean) scale^2 dot / n - scale sum / n
    const float k = scale[r], slope = -k * k * share * simd::ReduceSum(d, dot[r]),
                base = -k * share * simd::ReduceSum(d, sum[r]);
    const V vk = hn::Set(d, k), vs = hn::Set(d, slope), vb = hn::Set(d, base),
            vm = hn::Set(d, mean[r]);
    simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      const std::int64_t i = r * n + c;
      const V g = hn::Mul(simd::LoadN(d, dy + i, left), simd::LoadN(d, gamma + c, left));
      const V rest = hn::MulAdd(hn::Sub(simd::LoadN(d, x + i, left), vm), vs, vb);
      const V result = hn::MulAdd(g, vk, rest);
      if (kRows > 1) __builtin_prefetch(dy + next + i, 0, 2);
      if constexpr (kStreams) {
        hn::Stream(result, d, dx + i);
      } else {
        simd::StoreN(result, d, dx + i, left);
      }
    });
  }
}

template <bool kStreams>
void GradientRowsOf(const float* x, const float* dy, const float* gamma, const float* mean,
                    const float* scale, float* dx, float* dgamma, float* dbeta, std::int64_t rows,
                    std::int64_t n) {
  std::int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    GradientOfRows<4, kStreams>(x + r * n, dy + r * n, gamma, mean + r, scale + r, dx + r * n,
                                dgamma, dbeta, n, r + 8 <= rows);
  }
  for (; r < rows; ++r) {
    GradientOfRows<1, kStreams>(x + r * n, dy + r * n, gamma, mean + r, scale + r, dx + r * n,
                                dgamma, dbeta, n, false);
  }
}

void GradientRows(const float* x, const float* dy, const float* gamma, const float* mean,
                  const float* scale, float* dx, float* dgamma, float* dbeta, std::int64_t rows,
                  std::int64_t n, bool streams) {
  const auto run = streams ? GradientRowsOf<true> : GradientRowsOf<false>;
  run(x, dy, gamma, mean, scale, dx, dgamma, dbeta, rows, n);
}

std::int64_t Lanes() { return static_cast<std::int64_t>(hn::Lanes(D())); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(NormalizeRows);
HWY_EXPORT(GradientRows);
HWY_EXPORT(Lanes);

namespace {

// Lines of n floats, each with a cache line or more to spare. Where rows are a multiple of 4 KiB
// long they all start in one set of the first-level cache: the lines begin elsewhere.
class Lines {
 public:
  Lines(int count, std::int64_t n)
      : step_((n + 15) / 16 * 16 + 272), memory_(count * step_ + 256) {}
  float* operator[](std::int64_t i) const { return memory_.data() + 256 + i * step_; }

 private:
  std::int64_t step_;
  FloatScratch memory_;
};

// Do rows of `cols` go past the caches, vector by vector, from `to` on?
bool may_stream(double bytes, const float* to, std::int64_t cols) {
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(Lanes)();
  return beyond_caches(bytes) && cols % lanes == 0 &&
         reinterpret_cast<std::uintptr_t>(to) % (static_cast<std::uintptr_t>(lanes) * 4) == 0;
}

const float* line_of(const float* given, float value, float* line, std::int64_t n) {
  if (given != nullptr) {
    std::copy_n(given, n, line);
  } else {
    std::fill_n(line, n, value);
  }
  return line;
}

}  // namespace

void layer_norm_simd(const float* x, const float* gamma, const float* beta, float* y, float* mean,
                     float* scale, const LayerNormShape& s) {
  const Lines lines(2, s.cols);
  const float *g = line_of(gamma, 1, lines[0], s.cols), *b = line_of(beta, 0, lines[1], s.cols);
  const bool streams = x != y && may_stream(layer_norm_cost<float>(s).bytes, y, s.cols);
  parallel_for(s.rows, grain_for(3 * s.cols), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(NormalizeRows)(x, g, b, y, mean, scale, s, streams, first, last);
    if (streams) finish_streaming();
  });
}

void layer_norm_gradient_simd(const float* x, const float* dy, const float* gamma,
                              const float* mean, const float* scale, float* dx, float* dgamma,
                              float* dbeta, const LayerNormShape& s) {
  // At most 64 pieces, each of at least 64 Ki elements; a line of sums is small beside a piece.
  const std::int64_t rows =
      std::max({(s.rows + 63) / 64, (65536 + s.cols - 1) / s.cols, std::int64_t{16}});
  const std::int64_t pieces = (s.rows + rows - 1) / rows;
  const Lines lines(static_cast<int>(1 + 2 * pieces), s.cols);
  const float* const g = line_of(gamma, 1, lines[0], s.cols);
  const bool streams =
      dx != x && dx != dy && may_stream(layer_norm_gradient_cost<float>(s).bytes, dx, s.cols);
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      float *const a = lines[1 + 2 * piece], *const b = lines[2 + 2 * piece];
      std::fill_n(a, s.cols, 0.0f);
      std::fill_n(b, s.cols, 0.0f);
      const std::int64_t r = piece * rows, at = r * s.cols;
      HWY_DYNAMIC_DISPATCH(GradientRows)
      (x + at, dy + at, g, mean + r, scale + r, dx + at, a, b, std::min(rows, s.rows - r), s.cols,
       streams);
    }
    if (streams) finish_streaming();
  });
  for (std::int64_t c = 0; c < s.cols; ++c) {
    double sum = 0, dot = 0;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      dot += static_cast<double>(lines[1 + 2 * piece][c]);
      sum += static_cast<double>(lines[2 + 2 * piece][c]);
    }
    dgamma[c] = static_cast<float>(dot);
    dbeta[c] = static_cast<float>(sum);
  }
}

}  // namespace keratin::kernels::cpu
#endif
