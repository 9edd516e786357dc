#include <algorithm>
#include <cmath>

#include "kernels/cross_entropy/cross_entropy.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy/simd.cpp"
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

void SparseRows(const float* x, const std::int32_t* labels, float* loss, const CrossEntropyShape& s,
                std::int64_t first, std::int64_t last) {
  for (std::int64_t r = first; r < last; ++r) {
    const float* row = x + r * s.classes;
    if (labels[r] == s.ignore_class) {
      loss[r] = 0;
      continue;
    }
    const float max = simd::RowMax(row, s.classes);
    loss[r] =
        std::log(simd::RowExpSum<false>(row, nullptr, max, s.classes)) + (max - row[labels[r]]);
  }
}

void SparseGradientRows(const float* x, const std::int32_t* labels, const float* dloss, float* dx,
                        const CrossEntropyShape& s, std::int64_t first, std::int64_t last) {
  const D d;
  for (std::int64_t r = first; r < last; ++r) {
    const float* row = x + r * s.classes;
    float* out = dx + r * s.classes;
    if (labels[r] == s.ignore_class) {
      std::fill_n(out, s.classes, 0.0f);
      continue;
    }
    const float sum = simd::RowExpSum<true>(row, out, simd::RowMax(row, s.classes), s.classes);
    const float mine = s.row_gradient(dloss, r);
    const V scale = hn::Set(d, mine / sum);
    simd::ForEachVector(d, s.classes, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      simd::StoreN(hn::Mul(simd::LoadN(d, out + c, left), scale), d, out + c, left);
    });
    out[labels[r]] -= mine;
  }
}

void DenseRows(const float* x, const float* t, float* loss, const CrossEntropyShape& s,
               std::int64_t first, std::int64_t last) {
  const D d;
  for (std::int64_t r = first; r < last; ++r) {
    const float *row = x + r * s.classes, *target = t + r * s.classes;
    const float max = simd::RowMax(row, s.classes);
    const V m = hn::Set(d, max),
            l = hn::Set(d, std::log(simd::RowExpSum<false>(row, nullptr, max, s.classes)));
    V sum = hn::Zero(d);
    simd::ForEachVector(d, s.classes, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      const V y = simd::LoadN(d, target + c, left);
      const V each = hn::Mul(y, hn::Add(hn::Sub(m, simd::LoadN(d, row + c, left)), l));
      sum = hn::Add(sum, hn::IfThenZeroElse(hn::Eq(y, hn::Zero(d)),
                                            each));  // 0 times infinity counts nothing
    });
    loss[r] = simd::ReduceSum(d, sum);
  }
}

void DenseGradientRows(const float* x, const float* t, const float* dloss, float* dx,
                       const CrossEntropyShape& s, std::int64_t first, std::int64_t last) {
  const D d;
  for (std::int64_t r = first; r < last; ++r) {
    const float *row = x + r * s.classes, *target = t + r * s.classes;
    float* out = dx + r * s.classes;
    const float sum = simd::RowExpSum<true>(row, out, simd::RowMax(row, s.classes), s.classes);
    V targets = hn::Zero(d);
    simd::ForEachVector(d, s.classes, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      targets = hn::Add(targets, simd::LoadN(d, target + c, left));
    });
    const V scale = hn::Set(d, simd::ReduceSum(d, targets) / sum), g = hn::Set(d, dloss[r]);
    simd::ForEachVector(d, s.classes, [&](std::int64_t c, std::int64_t left) HWY_ATTR {
      const V e = simd::LoadN(d, out + c, left), y = simd::LoadN(d, target + c, left);
      simd::StoreN(hn::Mul(g, hn::MulSub(e, scale, y)), d, out + c, left);
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(SparseRows);
HWY_EXPORT(SparseGradientRows);
HWY_EXPORT(DenseRows);
HWY_EXPORT(DenseGradientRows);

void sparse_cross_entropy_simd(const float* x, const std::int32_t* labels, float* loss,
                               const CrossEntropyShape& s) {
  parallel_for(s.rows, grain_for(8 * s.classes), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(SparseRows)(x, labels, loss, s, first, last);
  });
}
void sparse_cross_entropy_total_simd(const float* x, const std::int32_t* labels, float* loss,
                                     const CrossEntropyShape& s) {
  const FloatScratch rows(s.rows);
  sparse_cross_entropy_simd(x, labels, rows.data(), s);
  double sum = 0;
  for (std::int64_t r = 0; r < s.rows; ++r) sum += static_cast<double>(rows.data()[r]);
  loss[0] = static_cast<float>(sum * s.scale);
}
void sparse_cross_entropy_gradient_simd(const float* x, const std::int32_t* labels,
                                        const float* dloss, float* dx, const CrossEntropyShape& s) {
  parallel_for(s.rows, grain_for(8 * s.classes), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(SparseGradientRows)(x, labels, dloss, dx, s, first, last);
  });
}
void cross_entropy_simd(const float* x, const float* t, float* loss, const CrossEntropyShape& s) {
  parallel_for(s.rows, grain_for(8 * s.classes), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(DenseRows)(x, t, loss, s, first, last);
  });
}
void cross_entropy_gradient_simd(const float* x, const float* t, const float* dloss, float* dx,
                                 const CrossEntropyShape& s) {
  parallel_for(s.rows, grain_for(8 * s.classes), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(DenseGradientRows)(x, t, dloss, dx, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
