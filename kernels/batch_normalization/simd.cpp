#include <algorithm>
#include <cmath>

#include "kernels/batch_normalization/batch_normalization.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_normalization/simd.cpp"
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

// sum[c] = sum over rows of x - k, squares[c] = sum of its squares, with k = the first row: no
// cancellation.
void Moments(const float* x, float* sum, float* squares, std::int64_t rows, std::int64_t channels) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < channels; c += w) {
    const V k = simd::LoadN(d, x + c, channels - c);
    V s = hn::Zero(d), q = hn::Zero(d);
    for (std::int64_t r = 0; r < rows; ++r) {
      const V v = hn::Sub(simd::LoadN(d, x + r * channels + c, channels - c), k);
      s = hn::Add(s, v);
      q = hn::MulAdd(v, v, q);
    }
    simd::StoreN(s, d, sum + c, channels - c);
    simd::StoreN(q, d, squares + c, channels - c);
  }
}

// y = x a + b, a and b by channel.
void Scale(const float* x, const float* a, const float* b, float* y, std::int64_t rows,
           std::int64_t channels) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    for (std::int64_t c = 0; c < channels; c += w) {
      const std::int64_t n = channels - c;
      simd::StoreN(
          hn::MulAdd(simd::LoadN(d, x + c, n), simd::LoadN(d, a + c, n), simd::LoadN(d, b + c, n)),
          d, y + c, n);
    }
  }
}

// sum[c] = sum dy, dot[c] = sum dy (x - mean)
void GradientSums(const float* x, const float* dy, const float* mean, float* sum, float* dot,
                  std::int64_t rows, std::int64_t channels) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < channels; c += w) {
    const V m = simd::LoadN(d, mean + c, channels - c);
    V s = hn::Zero(d), q = hn::Zero(d);
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t i = r * channels + c;
      const V g = simd::LoadN(d, dy + i, channels - c);
      s = hn::Add(s, g);
      q = hn::MulAdd(g, hn::Sub(simd::LoadN(d, x + i, channels - c), m), q);
    }
    simd::StoreN(s, d, sum + c, channels - c);
    simd::StoreN(q, d, dot + c, channels - c);
  }
}

// dx = dy a + x b + e, by channel.
void GradientScale(const float* x, const float* dy, const float* a, const float* b, const float* e,
                   float* dx, std::int64_t rows, std::int64_t channels) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    for (std::int64_t c = 0; c < channels; c += w) {
      const std::int64_t n = channels - c;
      const V rest =
          hn::MulAdd(simd::LoadN(d, x + c, n), simd::LoadN(d, b + c, n), simd::LoadN(d, e + c, n));
      simd::StoreN(hn::MulAdd(simd::LoadN(d, dy + c, n), simd::LoadN(d, a + c, n), rest), d, dx + c,
                   n);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Moments);
HWY_EXPORT(Scale);
HWY_EXPORT(GradientSums);
HWY_EXPORT(GradientScale);

namespace {
// Rows of one piece: its input stays in the second-level cache while the channels go over it.
std::int64_t rows_per_piece(std::int64_t channels) {
  return std::clamp<std::int64_t>(32768 / std::max<std::int64_t>(1, channels), 16, 4096);
}
}  // namespace

void batch_moments_simd(const float* x, float* mean, float* variance, const BatchNormShape& s) {
  const std::int64_t c = s.channels, piece = rows_per_piece(c),
                     pieces = (s.rows + piece - 1) / piece;
  const FloatScratch partial(2 * pieces * c);
  float *sums = partial.data(), *squares = partial.data() + pieces * c;
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      HWY_DYNAMIC_DISPATCH(Moments)
      (x + p * piece * c, sums + p * c, squares + p * c, std::min(piece, s.rows - p * piece), c);
    }
  });
  // Joining pieces (Chan, Golub and LeVeque 1979): n, mean and the sum of squared deviations, in
  // double.
  for (std::int64_t i = 0; i < c; ++i) {
    double n = 0, m = 0, deviations = 0;
    for (std::int64_t p = 0; p < pieces; ++p) {
      const auto np = static_cast<double>(std::min(piece, s.rows - p * piece));
      const double sum = static_cast<double>(sums[p * c + i]);
      const double mp = static_cast<double>(x[p * piece * c + i]) + sum / np;
      const double dp = std::fmax(0.0, static_cast<double>(squares[p * c + i]) - sum * sum / np);
      const double delta = mp - m, both = n + np;
      deviations += (std::isnan(sum) ? sum : dp) + delta * delta * n * np / both;
      m += delta * np / both;
      n = both;
    }
    mean[i] = static_cast<float>(m);
    variance[i] = static_cast<float>(deviations / n);
  }
}

void batch_norm_simd(const float* x, const float* mean, const float* variance, const float* gamma,
                     const float* beta, float* y, const BatchNormShape& s) {
  const std::int64_t c = s.channels;
  const FloatScratch scale(2 * c);
  float *a = scale.data(), *b = scale.data() + c;
  for (std::int64_t i = 0; i < c; ++i) {
    const double k = (gamma != nullptr ? static_cast<double>(gamma[i]) : 1) /
                     std::sqrt(static_cast<double>(variance[i]) + s.epsilon);
    a[i] = static_cast<float>(k);
    b[i] = static_cast<float>((beta != nullptr ? static_cast<double>(beta[i]) : 0) -
                              static_cast<double>(mean[i]) * k);
  }
  parallel_for(s.rows, grain_for(c), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Scale)(x + first * c, a, b, y + first * c, last - first, c);
  });
}

void batch_norm_gradient_simd(const float* x, const float* dy, const float* mean,
                              const float* variance, const float* gamma, float* dx, float* dgamma,
                              float* dbeta, const BatchNormShape& s) {
  const std::int64_t c = s.channels, piece = rows_per_piece(c),
                     pieces = (s.rows + piece - 1) / piece;
  const FloatScratch scratch((2 * pieces + 3) * c);
  float *sums = scratch.data(), *dots = sums + pieces * c, *a = dots + pieces * c, *b = a + c,
        *e = b + c;
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      HWY_DYNAMIC_DISPATCH(GradientSums)
      (x + p * piece * c, dy + p * piece * c, mean, sums + p * c, dots + p * c,
       std::min(piece, s.rows - p * piece), c);
    }
  });
  // dx = k (dy - sum / n - (x - mean) scale^2 dot / n) as dy a + x b + e
  const auto n = static_cast<double>(s.rows);
  for (std::int64_t i = 0; i < c; ++i) {
    double sum = 0, dot = 0;
    for (std::int64_t p = 0; p < pieces; ++p) {
      sum += static_cast<double>(sums[p * c + i]);
      dot += static_cast<double>(dots[p * c + i]);
    }
    const double scale = 1 / std::sqrt(static_cast<double>(variance[i]) + s.epsilon);
    const double k = (gamma != nullptr ? static_cast<double>(gamma[i]) : 1) * scale;
    dgamma[i] = static_cast<float>(dot * scale);
    dbeta[i] = static_cast<float>(sum);
    const double slope = -k * scale * scale * dot / n;
    a[i] = static_cast<float>(k);
    b[i] = static_cast<float>(slope);
    e[i] = static_cast<float>(-k * sum / n - slope * static_cast<double>(mean[i]));
  }
  parallel_for(s.rows, grain_for(c), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(GradientScale)
    (x + first * c, dy + first * c, a, b, e, dx + first * c, last - first, c);
  });
}

}  // namespace keratin::kernels::cpu
#endif
