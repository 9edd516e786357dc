#include <cmath>
#include <limits>
#include <vector>

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

// mean[c] and deviations[c] = sum of (x - mean)^2 over n rows that lie `stride` apart. Twice over
// the piece, which the second time is in the cache: from its first row for the mean, from that mean
// for the squares.
void PieceMoments(const float* x, std::int64_t stride, std::int64_t n, std::int64_t width,
                  double* mean, double* deviations) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr std::size_t kRoom = static_cast<std::size_t>(Pieces::kBlock) + hn::MaxLanes(D());
  HWY_ALIGN float origin[kRoom], sum[kRoom], centre[kRoom], squares[kRoom];
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  for (std::int64_t c = 0; c < width; c += w) {
    const V v = simd::LoadN(d, x + c, width - c);
    hn::Store(hn::IfThenElseZero(hn::Lt(hn::Abs(v), infinity), v), d, origin + c);
    hn::Store(hn::Zero(d), d, sum + c);
    hn::Store(hn::Zero(d), d, squares + c);
  }
  simd::ForEachFourRows(n, width,
                        [&](auto rows, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR {
                          const V from = hn::Load(d, origin + c);
                          const V terms = simd::SumOfRows(rows, [&](std::int64_t k) HWY_ATTR {
                            return hn::Sub(simd::LoadN(d, x + (r + k) * stride + c, left), from);
                          });
                          hn::Store(hn::Add(hn::Load(d, sum + c), terms), d, sum + c);
                        });
  const V share = hn::Set(d, 1.0f / static_cast<float>(n));
  for (std::int64_t c = 0; c < width; c += w)
    hn::Store(hn::MulAdd(hn::Load(d, sum + c), share, hn::Load(d, origin + c)), d, centre + c);
  simd::ForEachFourRows(
      n, width, [&](auto rows, std::int64_t r, std::int64_t c, std::int64_t left) HWY_ATTR {
        const V from = hn::Load(d, centre + c);
        const V terms = simd::SumOfRows(rows, [&](std::int64_t k) HWY_ATTR {
          const V v = hn::Sub(simd::LoadN(d, x + (r + k) * stride + c, left), from);
          return hn::Mul(v, v);
        });
        hn::Store(hn::Add(hn::Load(d, squares + c), terms), d, squares + c);
      });
  const auto rows = static_cast<double>(n);
  for (std::int64_t c = 0; c < width; ++c) {
    const double m = static_cast<double>(origin[c]) + static_cast<double>(sum[c]) / rows;
    const double off = m - static_cast<double>(centre[c]);  // what rounding to float took
    mean[c] = m;
    deviations[c] = static_cast<double>(squares[c]) - rows * off * off;
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
