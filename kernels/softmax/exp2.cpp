// exp as a power of two: t = (x - max) / ln 2, 2^t = 2^n 2^r with |r| <= 1/2, the second factor a
// polynomial. Several sums side by side; what is beyond the caches is streamed out, row by row.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/parallel.h"
#include "kernels/scratch.h"
#include "kernels/softmax/softmax.h"
#include "kernels/streaming.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/exp2.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/softmax/exp2_simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

float MaxOf(const float* x, std::int64_t n) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V none = hn::Set(d, -std::numeric_limits<float>::infinity());
  V most[4];
  KERATIN_UNROLL
  for (int i = 0; i < 4; ++i) most[i] = none;
  std::int64_t c = 0;
  for (; c + 4 * w <= n; c += 4 * w) {
    KERATIN_UNROLL
    for (int i = 0; i < 4; ++i) most[i] = hn::Max(most[i], hn::LoadU(d, x + c + i * w));
  }
  for (; c < n; c += w) most[0] = hn::Max(most[0], simd::LoadNOr(none, d, x + c, n - c));
  return simd::ReduceMax(d, hn::Max(hn::Max(most[0], most[1]), hn::Max(most[2], most[3])));
}

// Sum of exp(x - max); the summands go to e unless that is null. `next`: read soon, or null.
// also(c) is called for each whole vector, from c on.
template <bool kStore, class F>
HWY_INLINE float ExpSum(const float* x, float* e, float max, std::int64_t n, const float* next,
                        F also) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V m = hn::Set(d, max);
  V sums[2] = {hn::Zero(d), hn::Zero(d)};
  std::int64_t c = 0;
  for (; c + 2 * w <= n; c += 2 * w) {
    if (next != nullptr) {
      hwy::Prefetch(next + c);
      hwy::Prefetch(next + c + w);
    }
    KERATIN_UNROLL
    for (int i = 0; i < 2; ++i) {
      const V v = simd::ExpBelow(d, hn::Sub(hn::LoadU(d, x + c + i * w), m));
      if constexpr (kStore) hn::StoreU(v, d, e + c + i * w);
      sums[i] = hn::Add(sums[i], v);
      also(c + i * w);
    }
  }
  for (; c < n; c += w) {
    const std::int64_t left = std::min(w, n - c);
    V v = simd::ExpBelow(d, hn::Sub(simd::LoadNOr(m, d, x + c, left), m));
    if constexpr (kStore) simd::StoreN(v, d, e + c, left);
    if (left < w) {
      v = hn::IfThenElseZero(hn::FirstN(d, static_cast<std::size_t>(left)), v);
    } else {
      also(c);
    }
    sums[0] = hn::Add(sums[0], v);
  }
  return simd::ReduceSum(d, hn::Add(sums[0], sums[1]));
}

template <bool kStore>
float ExpSum(const float* x, float* e, float max, std::int64_t n, const float* next) {
  return ExpSum<kStore>(x, e, max, n, next, [](std::int64_t) {});
}

// A row whose results go past the caches while the next row's exponentials are computed, as the one
// waits for memory and the other does not. from: exponentials, or, of a logarithm, what they are of.
template <bool kLog>
struct LateRow {
  const float* from;
  float* to;
  V a, b;

  HWY_INLINE void Write(std::int64_t c) const {
    const D d;
    const V v = hn::LoadU(d, from + c);
    hn::Stream(kLog ? hn::Sub(hn::Sub(v, a), b) : hn::Mul(v, a), d, to + c);
  }
};

// Rows of whole lines. `buffer` holds two of them.
template <bool kLog>
HWY_INLINE void LateRows(const float* x, float* y, std::int64_t rows, std::int64_t n,
                         float* buffer) {
  const D d;
  LateRow<kLog> late{};
  for (std::int64_t r = 0; r < rows; ++r, x += n, y += n) {
    const float* const next = r + 1 < rows ? x + n : nullptr;
    float* const e = buffer + r % 2 * n;
    const float max = MaxOf(x, n);
    const float sum =
        r == 0 ? ExpSum<!kLog>(x, e, max, n, next)
               : ExpSum<!kLog>(x, e, max, n, next, [&](std::int64_t c) HWY_ATTR { late.Write(c); });
    late = kLog ? LateRow<kLog>{x, y, hn::Set(d, max), hn::Set(d, std::log(sum))}
                : LateRow<kLog>{e, y, hn::Set(d, 1.0f / sum), hn::Zero(d)};
  }
  for (std::int64_t c = 0; c < n; c += static_cast<std::int64_t>(hn::Lanes(d))) late.Write(c);
}
void SoftmaxRows(const float* x, float* y, std::int64_t rows, std::int64_t n, float* buffer) {
  LateRows<false>(x, y, rows, n, buffer);
}
void LogSoftmaxRows(const float* x, float* y, std::int64_t rows, std::int64_t n, float* buffer) {
  LateRows<true>(x, y, rows, n, buffer);
}

void SoftmaxRow(const float* x, float* y, std::int64_t n, const float* next) {
  const D d;
  const V scale = hn::Set(d, 1.0f / ExpSum<true>(x, y, MaxOf(x, n), n, next));
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    simd::StoreN(hn::Mul(simd::LoadN(d, y + c, left), scale), d, y + c, left);
  });
}

void LogSoftmaxRow(const float* x, float* y, std::int64_t n, const float* next) {
  const D d;
  const float max = MaxOf(x, n);
  // Apart: max + the logarithm would lose the latter's last bits.
  const V m = hn::Set(d, max), l = hn::Set(d, std::log(ExpSum<false>(x, nullptr, max, n, next)));
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    simd::StoreN(hn::Sub(hn::Sub(simd::LoadN(d, x + c, left), m), l), d, y + c, left);
  });
}

void SoftmaxGradientRow(const float* y, const float* dy, float* dx, std::int64_t n) {
  const D d;
  const V all = hn::Set(d, simd::SumOver(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
                          return hn::Mul(simd::LoadN(d, y + c, left), simd::LoadN(d, dy + c, left));
                        }));
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t left) HWY_ATTR {
    const V v = simd::LoadN(d, y + i, left), g = simd::LoadN(d, dy + i, left);
    simd::StoreN(hn::Mul(v, hn::Sub(g, all)), d, dx + i, left);
  });
}

void LogSoftmaxGradientRow(const float* y, const float* dy, float* dx, std::int64_t n) {
  const D d;
  const V all = hn::Set(d, simd::SumOver(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
                          return simd::LoadN(d, dy + c, left);
                        }));
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t left) HWY_ATTR {
    const V p = simd::ExpBelow(d, simd::LoadN(d, y + i, left));
    simd::StoreN(hn::NegMulAdd(p, all, simd::LoadN(d, dy + i, left)), d, dx + i, left);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(LogSoftmaxRows);
HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(LogSoftmaxRow);
HWY_EXPORT(SoftmaxGradientRow);
HWY_EXPORT(LogSoftmaxGradientRow);

namespace {

// row(first element, is there a row after it, to) for each row; `to` is its place in y, or a buffer
// that is then streamed there.
template <class Row>
void for_each_row(const SoftmaxShape& s, std::int64_t work, bool streamed, float* y, Row row) {
  parallel_for(s.rows, grain_for(work * s.cols), [&](std::int64_t first, std::int64_t last) {
    const FloatScratch buffer(streamed ? s.cols : 0);
    for (std::int64_t r = first; r < last; ++r) {
      const std::int64_t at = r * s.cols;
      row(at, r + 1 < last, streamed ? buffer.data() : y + at);
      if (streamed) stream_out(buffer.data(), y + at, s.cols);
    }
    if (streamed) finish_streaming();
  });
}

// rows(x, y, how many, buffer of two rows) for all rows, where whole lines go past the caches.
template <class Rows>
bool rows_late(const float* x, float* y, const SoftmaxShape& s, Rows rows) {
  if (x == y || !streams_lines(softmax_cost<float>(s).bytes, y, s.cols)) return false;
  parallel_for(s.rows, grain_for(8 * s.cols), [&](std::int64_t first, std::int64_t last) {
    const FloatScratch buffer(2 * s.cols);
    rows(x + first * s.cols, y + first * s.cols, last - first, buffer.data());
    finish_streaming();
  });
  return true;
}

bool forward_streamed(const float* x, const float* y, const SoftmaxShape& s) {
  return x != y && beyond_caches(softmax_cost<float>(s).bytes);
}
bool gradient_streamed(const float* y, const float* dy, const float* dx, const SoftmaxShape& s) {
  return y != dx && dy != dx && beyond_caches(softmax_gradient_cost<float>(s).bytes);
}

}  // namespace

void softmax_exp2(const float* x, float* y, const SoftmaxShape& s) {
  const auto late = [&](const float* from, float* to, std::int64_t rows, float* buffer) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRows)(from, to, rows, s.cols, buffer);
  };
  if (rows_late(x, y, s, late)) return;
  const bool streamed = forward_streamed(x, y, s);
  for_each_row(s, 8, streamed, y, [&](std::int64_t at, bool more, float* to) {
    const float* const next = streamed && more ? x + at + s.cols : nullptr;
    HWY_DYNAMIC_DISPATCH(SoftmaxRow)(x + at, to, s.cols, next);
  });
}
void log_softmax_exp2(const float* x, float* y, const SoftmaxShape& s) {
  const auto late = [&](const float* from, float* to, std::int64_t rows, float* buffer) {
    HWY_DYNAMIC_DISPATCH(LogSoftmaxRows)(from, to, rows, s.cols, buffer);
  };
  if (rows_late(x, y, s, late)) return;
  const bool streamed = forward_streamed(x, y, s);
  for_each_row(s, 8, streamed, y, [&](std::int64_t at, bool more, float* to) {
    const float* const next = streamed && more ? x + at + s.cols : nullptr;
    HWY_DYNAMIC_DISPATCH(LogSoftmaxRow)(x + at, to, s.cols, next);
  });
}
void softmax_gradient_streamed(const float* y, const float* dy, float* dx, const SoftmaxShape& s) {
  for_each_row(s, 2, gradient_streamed(y, dy, dx, s), dx, [&](std::int64_t at, bool, float* to) {
    HWY_DYNAMIC_DISPATCH(SoftmaxGradientRow)(y + at, dy + at, to, s.cols);
  });
}
void log_softmax_gradient_exp2(const float* y, const float* dy, float* dx, const SoftmaxShape& s) {
  for_each_row(s, 8, gradient_streamed(y, dy, dx, s), dx, [&](std::int64_t at, bool, float* to) {
    HWY_DYNAMIC_DISPATCH(LogSoftmaxGradientRow)(y + at, dy + at, to, s.cols);
  });
}

}  // namespace keratin::kernels::cpu
#endif
