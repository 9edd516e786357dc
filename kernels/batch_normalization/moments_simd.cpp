#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/batch_normalization/pieces.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_normalization/moments_simd.cpp"
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

// mean[c] and deviations[c] = sum of (x - mean)^2 over n rows that lie `stride` apart. One pass, from
// the mean c of the first 16 rows: sum (x - mean)^2 = sum (x - c)^2 - n (mean - c)^2. What cancels is
// at most n / 16 times what stays, since c's own 16 rows deviate from the mean by as much.
void PieceMoments(const float* x, std::int64_t stride, std::int64_t n, std::int64_t width,
                  double* mean, double* deviations) {
  const D d;
  constexpr std::size_t kRoom = static_cast<std::size_t>(Pieces::kBlock) + hn::MaxLanes(D());
  HWY_ALIGN float centre[kRoom], sum[kRoom], squares[kRoom];
  const std::int64_t first = std::min<std::int64_t>(n, 16);
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity()),
          share = hn::Set(d, 1.0f / static_cast<float>(first));
  simd::ForEachVector(d, width, [&](std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
    const V origin = simd::LoadN(d, x + c, left);
    V s = hn::Zero(d);
    for (std::int64_t r = 1; r < first; ++r)
      s = hn::Add(s, hn::Sub(simd::LoadN(d, x + r * stride + c, left), origin));
    const V v = hn::MulAdd(s, share, origin);
    hn::Store(hn::IfThenElseZero(hn::Lt(hn::Abs(v), infinity), v), d, centre + c);
    hn::Store(hn::Zero(d), d, sum + c);
    hn::Store(hn::Zero(d), d, squares + c);
  });
  simd::ForEachRows(
      n, width,
      [&](auto rows, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR KERATIN_INLINE {
        const V from = hn::Load(d, centre + c);
        V v[decltype(rows)::value];
        KERATIN_UNROLL
        for (int k = 0; k < rows.value; ++k)
          v[k] = hn::Sub(simd::LoadN(d, x + (r + k) * stride + c, left), from);
        const V s = simd::SumOfRows(rows, [&](int k) HWY_ATTR KERATIN_INLINE { return v[k]; });
        const V q = simd::SumOfRows(
            rows, [&](int k) HWY_ATTR KERATIN_INLINE { return hn::Mul(v[k], v[k]); });
        hn::Store(hn::Add(hn::Load(d, sum + c), s), d, sum + c);
        hn::Store(hn::Add(hn::Load(d, squares + c), q), d, squares + c);
      });
  const double rows = static_cast<double>(n), part = 1 / rows;
  for (std::int64_t c = 0; c < width; ++c) {
    const double s = static_cast<double>(sum[c]), off = s * part;
    mean[c] = static_cast<double>(centre[c]) + off;
    deviations[c] = static_cast<double>(squares[c]) - s * off;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(PieceMoments);

void batch_moments_simd(const float* x, float* mean, float* variance, const BatchNormShape& s) {
  const Pieces p(s);
  const std::int64_t lines = p.lines(), channels = s.channels;
  const Scratch scratch(static_cast<std::size_t>((2 * lines + 2) * channels) * sizeof(double));
  double *means = scratch.as<double>(), *deviations = means + lines * channels,
         *all_mean = deviations + lines * channels, *all_deviations = all_mean + channels;
  parallel_for(count_of(p), grain_for(p.rows * p.block),
               [&](std::int64_t first, std::int64_t last) {
                 for_each_piece(p, first, last,
                                [&](std::int64_t at, std::int64_t stride, std::int64_t rows,
                                    std::int64_t columns, std::int64_t to) {
                                  HWY_DYNAMIC_DISPATCH(PieceMoments)
                                  (x + at, stride, rows, columns, means + to, deviations + to);
                                });
               });
  // Joined as by Chan, Golub and LeVeque 1979: sum of deviations_p + n_p (mean_p - mean)^2.
  const auto n = static_cast<double>(s.rows);
  parallel_for(channels, grain_for(4 * lines), [&](std::int64_t first, std::int64_t last) {
    std::fill(all_mean + first, all_mean + last, 0.0);
    std::fill(all_deviations + first, all_deviations + last, 0.0);
    for (std::int64_t line = 0; line < lines; ++line) {
      const double share = static_cast<double>(p.rows_of(line)) / n;
      const double* m = means + line * channels;
      for (std::int64_t c = first; c < last; ++c) all_mean[c] += share * m[c];
    }
    for (std::int64_t line = 0; line < lines; ++line) {
      const auto rows = static_cast<double>(p.rows_of(line));
      const double *m = means + line * channels, *d = deviations + line * channels;
      for (std::int64_t c = first; c < last; ++c) {
        const double delta = m[c] - all_mean[c];
        all_deviations[c] += d[c] + rows * delta * delta;
      }
    }
    for (std::int64_t c = first; c < last; ++c) {
      mean[c] = static_cast<float>(all_mean[c]);
      const double v = all_deviations[c] / n;
      variance[c] = static_cast<float>(v < 0 ? 0 : v);  // NaN stays
    }
  });
}

}  // namespace keratin::kernels::cpu
#endif
