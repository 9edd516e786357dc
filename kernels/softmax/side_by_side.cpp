// Short rows, as many as there are lanes: each lane takes a row, so that no lane is empty and
// nothing is added up across lanes.
#include <algorithm>

#include "kernels/crossovers.h"
#include "kernels/parallel.h"
#include "kernels/softmax/softmax.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/side_by_side.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd_math.h"
#include "kernels/softmax/exp2_simd.h"

#ifndef KERATIN_KERNELS_SOFTMAX_TASK_
#define KERATIN_KERNELS_SOFTMAX_TASK_
namespace keratin::kernels::cpu {
namespace {
enum class Task { softmax, log_softmax, softmax_gradient, log_softmax_gradient };
constexpr std::int64_t kMostColumns = 32;
}  // namespace
}  // namespace keratin::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr std::int64_t kLanes = hn::MaxLanes(D());

// columns[c] = element c of `count` rows, the first one in the lanes past them.
HWY_INLINE void Turn(const float* rows, std::int64_t count, std::int64_t cols,
                     float* HWY_RESTRICT columns) {
  for (std::int64_t r = 0; r < kLanes; ++r) {
    const float* const row = rows + (r < count ? r : 0) * cols;
    for (std::int64_t c = 0; c < cols; ++c) columns[c * kLanes + r] = row[c];
  }
}
HWY_INLINE void TurnBack(const float* HWY_RESTRICT columns, std::int64_t count, std::int64_t cols,
                         float* rows) {
  for (std::int64_t r = 0; r < count; ++r)
    for (std::int64_t c = 0; c < cols; ++c) rows[r * cols + c] = columns[c * kLanes + r];
}

// a: x, or y for the gradients; both become what is asked for.
HWY_INLINE void Compute(Task task, float* HWY_RESTRICT a, const float* HWY_RESTRICT dy,
                        std::int64_t cols) {
  const D d;
  const auto each = [&](auto f) HWY_ATTR {
    for (std::int64_t c = 0; c < cols; ++c) f(a + c * kLanes, dy + c * kLanes);
  };
  V sum = hn::Zero(d);
  if (task == Task::softmax || task == Task::log_softmax) {
    V max = hn::Load(d, a);
    each([&](float* v, const float*) HWY_ATTR { max = hn::Max(max, hn::Load(d, v)); });
    if (task == Task::softmax) {
      each([&](float* v, const float*) HWY_ATTR {
        const V e = simd::ExpBelow(d, hn::Sub(hn::Load(d, v), max));
        sum = hn::Add(sum, e);
        hn::Store(e, d, v);
      });
      const V scale = hn::Div(hn::Set(d, 1.0f), sum);
      each([&](float* v, const float*)
               HWY_ATTR { hn::Store(hn::Mul(hn::Load(d, v), scale), d, v); });
      return;
    }
    each([&](float* v, const float*) HWY_ATTR {
      const V below = hn::Sub(hn::Load(d, v), max);
      sum = hn::Add(sum, simd::ExpBelow(d, below));
      hn::Store(below, d, v);
    });
    const V log = simd::Log(d, sum);
    each([&](float* v, const float*) HWY_ATTR { hn::Store(hn::Sub(hn::Load(d, v), log), d, v); });
    return;
  }
  if (task == Task::softmax_gradient) {
    each([&](float* v, const float* g)
             HWY_ATTR { sum = hn::MulAdd(hn::Load(d, v), hn::Load(d, g), sum); });
    each([&](float* v, const float* g)
             HWY_ATTR { hn::Store(hn::Mul(hn::Load(d, v), hn::Sub(hn::Load(d, g), sum)), d, v); });
    return;
  }
  each([&](float*, const float* g) HWY_ATTR { sum = hn::Add(sum, hn::Load(d, g)); });
  each([&](float* v, const float* g) HWY_ATTR {
    hn::Store(hn::NegMulAdd(simd::ExpBelow(d, hn::Load(d, v)), sum, hn::Load(d, g)), d, v);
  });
}

void SideBySide(Task task, const float* a, const float* dy, float* to, std::int64_t rows,
                std::int64_t cols) {
  HWY_ALIGN float columns[kMostColumns * kLanes];
  HWY_ALIGN float gradients[kMostColumns * kLanes];
  for (std::int64_t r = 0; r < rows; r += kLanes) {
    const std::int64_t count = std::min(kLanes, rows - r), at = r * cols;
    Turn(a + at, count, cols, columns);
    if (dy != nullptr) Turn(dy + at, count, cols, gradients);
    Compute(task, columns, gradients, cols);
    TurnBack(columns, count, cols, to + at);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(SideBySide);

namespace {
void run(Task task, const float* a, const float* dy, float* to, const SoftmaxShape& s) {
  parallel_for(s.rows, grain_for(8 * s.cols), [&](std::int64_t first, std::int64_t last) {
    const std::int64_t at = first * s.cols;
    HWY_DYNAMIC_DISPATCH(SideBySide)
    (task, a + at, dy != nullptr ? dy + at : nullptr, to + at, last - first, s.cols);
  });
}
}  // namespace

bool softmax_side_by_side_applies(const SoftmaxShape& s) {
  return s.rows > 1 && s.cols <= std::min(kMostColumns, crossovers().side_by_side_columns);
}
void softmax_side_by_side(const float* x, float* y, const SoftmaxShape& s) {
  run(Task::softmax, x, nullptr, y, s);
}
void log_softmax_side_by_side(const float* x, float* y, const SoftmaxShape& s) {
  run(Task::log_softmax, x, nullptr, y, s);
}
void softmax_gradient_side_by_side(const float* y, const float* dy, float* dx,
                                   const SoftmaxShape& s) {
  run(Task::softmax_gradient, y, dy, dx, s);
}
void log_softmax_gradient_side_by_side(const float* y, const float* dy, float* dx,
                                       const SoftmaxShape& s) {
  run(Task::log_softmax_gradient, y, dy, dx, s);
}

}  // namespace keratin::kernels::cpu
#endif
