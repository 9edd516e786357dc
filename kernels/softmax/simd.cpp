#include <cmath>

#include "kernels/parallel.h"
#include "kernels/softmax/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/softmax/row_simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <class F>
HWY_INLINE void ForEach(const float* x, float* y, std::int64_t n, F f) {
  const D d;
  simd::ForEachVector(d, n, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
    simd::StoreN(f(simd::LoadN(d, x + c, left)), d, y + c, left);
  });
}

void SoftmaxRows(const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  const D d;
  for (std::int64_t r = 0; r < rows; ++r, x += cols, y += cols) {
    const float sum = simd::RowExpSum<true>(x, y, simd::RowMax(x, cols), cols);
    const V scale = hn::Set(d, 1.0f / sum);
    ForEach(y, y, cols, [&](V v) HWY_ATTR { return hn::Mul(v, scale); });
  }
}

void LogSoftmaxRows(const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  const D d;
  for (std::int64_t r = 0; r < rows; ++r, x += cols, y += cols) {
    const float max = simd::RowMax(x, cols);
    const float log_sum = std::log(simd::RowExpSum<false>(x, nullptr, max, cols));
    const V m = hn::Set(d, max),
            l = hn::Set(d, log_sum);  // apart: max + log_sum would lose the latter's last bits
    ForEach(x, y, cols, [&](V v) HWY_ATTR { return hn::Sub(hn::Sub(v, m), l); });
  }
}

void SoftmaxGradientRows(const float* y, const float* dy, float* dx, std::int64_t rows,
                         std::int64_t cols) {
  const D d;
  for (std::int64_t r = 0; r < rows; ++r, y += cols, dy += cols, dx += cols) {
    V dot = hn::Zero(d);
    simd::ForEachVector(d, cols, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      dot = hn::MulAdd(simd::LoadN(d, y + c, left), simd::LoadN(d, dy + c, left), dot);
    });
    const V all = hn::Set(d, simd::ReduceSum(d, dot));
    simd::ForEachVector(d, cols, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      const V v = simd::LoadN(d, y + c, left), g = simd::LoadN(d, dy + c, left);
      simd::StoreN(hn::Mul(v, hn::Sub(g, all)), d, dx + c, left);
    });
  }
}

void LogSoftmaxGradientRows(const float* y, const float* dy, float* dx, std::int64_t rows,
                            std::int64_t cols) {
  const D d;
  for (std::int64_t r = 0; r < rows; ++r, y += cols, dy += cols, dx += cols) {
    V sum = hn::Zero(d);
    simd::ForEachVector(d, cols, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      sum = hn::Add(sum, simd::LoadN(d, dy + c, left));
    });
    const V all = hn::Set(d, simd::ReduceSum(d, sum));
    simd::ForEachVector(d, cols, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      const V p = simd::ExpNegative(d, simd::LoadN(d, y + c, left));
      simd::StoreN(hn::NegMulAdd(p, all, simd::LoadN(d, dy + c, left)), d, dx + c, left);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(LogSoftmaxRows);
HWY_EXPORT(SoftmaxGradientRows);
HWY_EXPORT(LogSoftmaxGradientRows);

void softmax_simd(const float* x, float* y, const SoftmaxShape& s) {
  parallel_for(s.rows, grain_for(8 * s.cols), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(SoftmaxRows)(x + first * s.cols, y + first * s.cols, last - first, s.cols);
  });
}
void log_softmax_simd(const float* x, float* y, const SoftmaxShape& s) {
  parallel_for(s.rows, grain_for(8 * s.cols), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(LogSoftmaxRows)
    (x + first * s.cols, y + first * s.cols, last - first, s.cols);
  });
}
void softmax_gradient_simd(const float* y, const float* dy, float* dx, const SoftmaxShape& s) {
  parallel_for(s.rows, grain_for(2 * s.cols), [&](std::int64_t first, std::int64_t last) {
    const std::int64_t at = first * s.cols;
    HWY_DYNAMIC_DISPATCH(SoftmaxGradientRows)(y + at, dy + at, dx + at, last - first, s.cols);
  });
}
void log_softmax_gradient_simd(const float* y, const float* dy, float* dx, const SoftmaxShape& s) {
  parallel_for(s.rows, grain_for(8 * s.cols), [&](std::int64_t first, std::int64_t last) {
    const std::int64_t at = first * s.cols;
    HWY_DYNAMIC_DISPATCH(LogSoftmaxGradientRows)(y + at, dy + at, dx + at, last - first, s.cols);
  });
}

}  // namespace keratin::kernels::cpu
#endif
