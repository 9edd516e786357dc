#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "kernels/batch_normalization/pieces.h"
#include "kernels/batch_normalization/relu.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_normalization/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/batch_normalization/rows_simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// A result that no cache would hold is written past them: whole vectors, aligned, and a row after the
// other, so that no line has to make room for others when a part of it is there.
template <bool kStreams>
constexpr int kRowsAtOnce = kStreams ? 1 : 4;
template <bool kStreams>
HWY_INLINE void Put(V v, float* to, std::int64_t left) {
  const D d;
  if constexpr (kStreams) {
    hn::Stream(v, d, to);
  } else {
    simd::StoreN(v, d, to, left);
  }
}

// y = then((x - mean) a + b, its place, how many count), by column.
template <bool kStreams, class F>
HWY_INLINE void NormalizeRows(const float* x, const float* mean, const float* a, const float* b,
                              float* y, std::int64_t rows, std::int64_t width, F then) {
  const D d;
  simd::ForEachRows<kRowsAtOnce<kStreams>>(
      rows, width,
      [&](auto count, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
        const V m = simd::LoadN(d, mean + c, left), va = simd::LoadN(d, a + c, left),
                vb = simd::LoadN(d, b + c, left);
        KERATIN_UNROLL
        for (std::int64_t k = 0; k < count.value; ++k) {
          const std::int64_t i = (r + k) * width + c;
          const V z = hn::MulAdd(hn::Sub(simd::LoadN(d, x + i, left), m), va, vb);
          Put<kStreams>(then(z, i, left), y + i, left);
        }
      });
}

template <bool kStreams>
HWY_INLINE void NormalizeAll(const float* x, const float* mean, const float* a, const float* b,
                             float* y, std::int64_t rows, std::int64_t width) {
  NormalizeRows<kStreams>(x, mean, a, b, y, rows, width,
                          [](V z, std::int64_t, std::int64_t)
                              HWY_ATTR KERATIN_INLINE { return z; });
}
void Normalize(const float* x, const float* mean, const float* a, const float* b, float* y,
               std::int64_t rows, std::int64_t width, bool streams) {
  const auto run = streams ? NormalizeAll<true> : NormalizeAll<false>;
  run(x, mean, a, b, y, rows, width);
}

// y = max(z, 0), or max(z + residual, 0) where that is not null.
template <bool kStreams>
HWY_INLINE void NormalizeReluAll(const float* x, const float* mean, const float* a, const float* b,
                                 const float* residual, float* y, std::int64_t rows,
                                 std::int64_t width) {
  const D d;
  const V zero = hn::Zero(d);
  const auto relu = [&](V z) HWY_ATTR KERATIN_INLINE {
    return hn::IfThenElse(hn::Lt(z, zero), zero, z);
  };  // NaN stays
  if (residual == nullptr) {
    NormalizeRows<kStreams>(x, mean, a, b, y, rows, width,
                            [&](V z, std::int64_t, std::int64_t)
                                HWY_ATTR KERATIN_INLINE { return relu(z); });
  } else {
    NormalizeRows<kStreams>(x, mean, a, b, y, rows, width,
                            [&](V z, std::int64_t i, std::int64_t left) HWY_ATTR KERATIN_INLINE {
                              return relu(hn::Add(z, simd::LoadN(d, residual + i, left)));
                            });
  }
}
void NormalizeRelu(const float* x, const float* mean, const float* a, const float* b,
                   const float* residual, float* y, std::int64_t rows, std::int64_t width,
                   bool streams) {
  const auto run = streams ? NormalizeReluAll<true> : NormalizeReluAll<false>;
  run(x, mean, a, b, residual, y, rows, width);
}

// sum[c] = sum of dz, dot[c] = sum of dz (x - mean), over n rows that lie `stride` apart, with
// dz = sent(place, how many count).
template <class F>
HWY_INLINE void SumsOfRows(const float* x, std::int64_t stride, const float* mean, float* sum,
                           float* dot, std::int64_t n, std::int64_t width, F sent) {
  const D d;
  std::fill_n(sum, width, 0.0f);
  std::fill_n(dot, width, 0.0f);
  simd::ForEachRows(
      n, width,
      [&](auto rows, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
        const V m = simd::LoadN(d, mean + c, left);
        V dz[decltype(rows)::value];
        KERATIN_UNROLL
        for (std::int64_t k = 0; k < rows.value; ++k) dz[k] = sent((r + k) * stride + c, left);
        const V s = simd::SumOfRows(rows, [&](int k) HWY_ATTR KERATIN_INLINE { return dz[k]; });
        const V q = simd::SumOfRows(rows, [&](int k) HWY_ATTR KERATIN_INLINE {
          return hn::Mul(dz[k], hn::Sub(simd::LoadN(d, x + (r + k) * stride + c, left), m));
        });
        simd::StoreN(hn::Add(simd::LoadN(d, sum + c, left), s), d, sum + c, left);
        simd::StoreN(hn::Add(simd::LoadN(d, dot + c, left), q), d, dot + c, left);
      });
}

// With y: dz = y > 0 ? dy : 0, kept. Without: dz = dy.
void GradientSums(const float* x, const float* dy, const float* y, float* kept, std::int64_t stride,
                  const float* mean, float* sum, float* dot, std::int64_t n, std::int64_t width) {
  const D d;
  const auto at = [&](const float* p, std::int64_t i, std::int64_t left)
                      HWY_ATTR KERATIN_INLINE { return simd::LoadN(d, p + i, left); };
  if (y == nullptr) {
    SumsOfRows(x, stride, mean, sum, dot, n, width,
               [&](std::int64_t i, std::int64_t left)
                   HWY_ATTR KERATIN_INLINE { return at(dy, i, left); });
  } else {
    const V zero = hn::Zero(d);
    SumsOfRows(x, stride, mean, sum, dot, n, width,
               [&](std::int64_t i, std::int64_t left) HWY_ATTR KERATIN_INLINE {
                 const V dz = hn::IfThenElseZero(hn::Gt(at(y, i, left), zero), at(dy, i, left));
                 simd::StoreN(dz, d, kept + i, left);
                 return dz;
               });
  }
}

// dx = dz a + (x - mean) b + e, by column.
template <bool kStreams>
HWY_INLINE void GradientRowsAll(const float* x, const float* dz, const float* mean, const float* a,
                                const float* b, const float* e, float* dx, std::int64_t rows,
                                std::int64_t width) {
  const D d;
  simd::ForEachRows<kRowsAtOnce<kStreams>>(
      rows, width,
      [&](auto count, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
        const V m = simd::LoadN(d, mean + c, left), va = simd::LoadN(d, a + c, left),
                vb = simd::LoadN(d, b + c, left), ve = simd::LoadN(d, e + c, left);
        KERATIN_UNROLL
        for (std::int64_t k = 0; k < count.value; ++k) {
          const std::int64_t i = (r + k) * width + c;
          const V rest = hn::MulAdd(hn::Sub(simd::LoadN(d, x + i, left), m), vb, ve);
          Put<kStreams>(hn::MulAdd(simd::LoadN(d, dz + i, left), va, rest), dx + i, left);
        }
      });
}
void GradientRows(const float* x, const float* dz, const float* mean, const float* a,
                  const float* b, const float* e, float* dx, std::int64_t rows, std::int64_t width,
                  bool streams) {
  const auto run = streams ? GradientRowsAll<true> : GradientRowsAll<false>;
  run(x, dz, mean, a, b, e, dx, rows, width);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Normalize);
HWY_EXPORT(NormalizeRelu);
HWY_EXPORT(GradientSums);
HWY_EXPORT(GradientRows);

namespace {

// The first `channels` of a line of p.width, once for each row of a wide one.
void repeat(float* line, const Pieces& p, std::int64_t channels) {
  for (std::int64_t i = 1; i < p.k; ++i) std::copy_n(line, channels, line + i * channels);
}

// f(first element, rows, width) for all rows: wide ones, and what is left of them. The last ones come
// first: they are what the pass before, over the same rows, has left in the caches.
template <class F>
void for_all_rows(const Pieces& p, F f) {
  const std::int64_t most =
      std::max<std::int64_t>(1, (16 << 10) / std::max<std::int64_t>(1, p.width));
  parallel_for(p.wide_rows + (p.left > 0 ? 1 : 0), grain_for(p.width),
               [&](std::int64_t first, std::int64_t last) {
                 if (last > p.wide_rows) f(p.wide_rows * p.width, p.left, p.width / p.k);
                 for (std::int64_t end = std::min(last, p.wide_rows); end > first;) {
                   const std::int64_t begin = std::max(first, end - most);
                   f(begin * p.width, end - begin, p.width);
                   end = begin;
                 }
               });
}

// Are rows of results written past the caches? Not where they replace what is read: that is there.
bool streams_rows(const Pieces& p, double bytes, const float* to,
                  std::initializer_list<const float*> read) {
  return std::find(read.begin(), read.end(), to) == read.end() && p.left == 0 &&
         streams_lines(bytes, to, p.width);
}

// f(first element, rows, width, mean, a, b) for all rows, with y = (x - mean) a + b.
template <class F>
void normalize(const float* mean, const float* variance, const float* gamma, const float* beta,
               const BatchNormShape& s, F f) {
  const Pieces p(s);
  const FloatScratch scratch(3 * p.width);
  float *m = scratch.data(), *a = m + p.width, *b = a + p.width;
  for (std::int64_t c = 0; c < s.channels; ++c) {
    m[c] = mean[c];
    a[c] = static_cast<float>((gamma != nullptr ? static_cast<double>(gamma[c]) : 1) /
                              std::sqrt(static_cast<double>(variance[c]) + s.epsilon));
    b[c] = beta != nullptr ? beta[c] : 0;
  }
  for (float* line : {m, a, b}) repeat(line, p, s.channels);
  for_all_rows(p, [&](std::int64_t at, std::int64_t rows, std::int64_t width) {
    f(at, rows, width, m, a, b);
  });
}

const float* behind(const float* p, std::int64_t at) { return p != nullptr ? p + at : nullptr; }

// With y: dz = y > 0 ? dy : 0, kept. Without: dz = dy.
void gradient(const float* x, const float* dy, const float* y, float* kept, const float* mean,
              const float* variance, const float* gamma, float* dx, float* dgamma, float* dbeta,
              const BatchNormShape& s) {
  const Pieces p(s);
  const std::int64_t lines = p.lines(), channels = s.channels;
  const FloatScratch scratch(2 * lines * channels + 4 * p.width);
  float *sums = scratch.data(), *dots = sums + lines * channels, *m = dots + lines * channels,
        *a = m + p.width, *b = a + p.width, *e = b + p.width;
  std::copy_n(mean, channels, m);
  repeat(m, p, channels);
  parallel_for(
      count_of(p), grain_for(2 * p.rows * p.block), [&](std::int64_t first, std::int64_t last) {
        for_each_piece(p, first, last,
                       [&](std::int64_t at, std::int64_t stride, std::int64_t rows,
                           std::int64_t columns, std::int64_t to) {
                         HWY_DYNAMIC_DISPATCH(GradientSums)
                         (x + at, dy + at, behind(y, at), y != nullptr ? kept + at : nullptr,
                          stride, m + to % p.width, sums + to, dots + to, rows, columns);
                       });
      });
  // dx = k (dy - sum / n - (x - mean) scale^2 dot / n) as dy a + (x - mean) b + e
  const auto n = static_cast<double>(s.rows);
  parallel_for(channels, grain_for(4 * lines), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t c = first; c < last; ++c) {
      double sum = 0, dot = 0;
      for (std::int64_t line = 0; line < lines; ++line) {
        sum += static_cast<double>(sums[line * channels + c]);
        dot += static_cast<double>(dots[line * channels + c]);
      }
      const double scale = 1 / std::sqrt(static_cast<double>(variance[c]) + s.epsilon);
      const double k = (gamma != nullptr ? static_cast<double>(gamma[c]) : 1) * scale;
      dgamma[c] = static_cast<float>(dot * scale);
      dbeta[c] = static_cast<float>(sum);
      a[c] = static_cast<float>(k);
      b[c] = static_cast<float>(-k * scale * scale * dot / n);
      e[c] = static_cast<float>(-k * sum / n);
    }
  });
  for (float* line : {a, b, e}) repeat(line, p, channels);
  const float* const dz = y != nullptr ? kept : dy;
  const bool streams = streams_rows(p, batch_norm_gradient_cost<float>(s).bytes, dx, {x, dz});
  for_all_rows(p, [&](std::int64_t at, std::int64_t rows, std::int64_t width) {
    HWY_DYNAMIC_DISPATCH(GradientRows)
    (x + at, dz + at, m, a, b, e, dx + at, rows, width, streams);
    if (streams) finish_streaming();
  });
}

}  // namespace

void batch_norm_simd(const float* x, const float* mean, const float* variance, const float* gamma,
                     const float* beta, float* y, const BatchNormShape& s) {
  const bool streams = streams_rows(Pieces(s), batch_norm_cost<float>(s).bytes, y, {x});
  normalize(mean, variance, gamma, beta, s,
            [&](std::int64_t at, std::int64_t rows, std::int64_t width, const float* m,
                const float* a, const float* b) {
              HWY_DYNAMIC_DISPATCH(Normalize)(x + at, m, a, b, y + at, rows, width, streams);
              if (streams) finish_streaming();
            });
}

void batch_norm_relu_simd(const float* x, const float* mean, const float* variance,
                          const float* gamma, const float* beta, const float* residual, float* y,
                          const BatchNormReluShape& s) {
  const float* const added = s.residual ? residual : nullptr;
  const bool streams = streams_rows(Pieces(s), batch_norm_cost<float>(s).bytes, y, {x, added});
  normalize(mean, variance, gamma, beta, s,
            [&](std::int64_t at, std::int64_t rows, std::int64_t width, const float* m,
                const float* a, const float* b) {
              HWY_DYNAMIC_DISPATCH(NormalizeRelu)
              (x + at, m, a, b, behind(added, at), y + at, rows, width, streams);
              if (streams) finish_streaming();
            });
}

void batch_norm_gradient_simd(const float* x, const float* dy, const float* mean,
                              const float* variance, const float* gamma, float* dx, float* dgamma,
                              float* dbeta, const BatchNormShape& s) {
  gradient(x, dy, nullptr, nullptr, mean, variance, gamma, dx, dgamma, dbeta, s);
}

void batch_norm_relu_gradient_simd(const float* x, const float* dy, const float* y,
                                   const float* mean, const float* variance, const float* gamma,
                                   float* dx, float* dz, float* dgamma, float* dbeta,
                                   const BatchNormReluShape& s) {
  gradient(x, dy, y, s.residual ? dz : dx, mean, variance, gamma, dx, dgamma, dbeta, s);
}

}  // namespace keratin::kernels::cpu
#endif
