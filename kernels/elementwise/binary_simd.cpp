#include "kernels/elementwise/elementwise.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/binary_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"
#include "kernels/simd_math.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// One row. An operand advances with the row (step 1) or stays (step 0).
template <bool kStepA, bool kStepB, class F>
HWY_INLINE void Row(const float* a, const float* b, float* y, std::int64_t n, F f) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V one_a = hn::Set(d, *a), one_b = hn::Set(d, *b);
  std::int64_t i = 0;
  for (; i + w <= n; i += w) {
    const V va = kStepA ? hn::LoadU(d, a + i) : one_a, vb = kStepB ? hn::LoadU(d, b + i) : one_b;
    hn::StoreU(f(va, vb), d, y + i);
  }
  if (i < n) {
    const V va = kStepA ? simd::LoadN(d, a + i, n - i) : one_a,
            vb = kStepB ? simd::LoadN(d, b + i, n - i) : one_b;
    simd::StoreN(f(va, vb), d, y + i, n - i);
  }
}

// Rows first .. last - 1 of the output, where all but the innermost axis count rows.
template <bool kStepA, bool kStepB, class F>
HWY_INLINE void Rows(const float* a, const float* b, float* y, const BinaryShape& s,
                     std::int64_t first, std::int64_t last, F f) {
  const auto in = static_cast<std::size_t>(s.rank - 1);
  const std::int64_t n = s.sizes[in];
  for (std::int64_t row = first; row < last; ++row) {
    std::int64_t rest = row, at_a = 0, at_b = 0;
    for (std::size_t k = in; k-- > 0;) {
      const std::int64_t index = rest % s.sizes[k];
      rest /= s.sizes[k];
      at_a += index * s.a[k];
      at_b += index * s.b[k];
    }
    Row<kStepA, kStepB>(a + at_a, b + at_b, y + row * n, n, f);
  }
}

template <class F>
HWY_INLINE void Steps(const float* a, const float* b, float* y, const BinaryShape& s,
                      std::int64_t first, std::int64_t last, F f) {
  const auto in = static_cast<std::size_t>(s.rank - 1);
  if (s.a[in] != 0 && s.b[in] != 0) return Rows<true, true>(a, b, y, s, first, last, f);
  if (s.a[in] != 0) return Rows<true, false>(a, b, y, s, first, last, f);
  if (s.b[in] != 0) return Rows<false, true>(a, b, y, s, first, last, f);
  return Rows<false, false>(a, b, y, s, first, last, f);
}

void BinaryRange(const float* a, const float* b, float* y, const BinaryShape& s, std::int64_t first,
                 std::int64_t last) {
  const D d;
  const V one = hn::Set(d, 1.0f), zero = hn::Zero(d);
  const auto run = [&](auto f) HWY_ATTR { Steps(a, b, y, s, first, last, f); };
  // hn::Max gives one operand or the other for NaN, by platform: NaN is put in by hand.
  const auto nan_or = [&](V p, V q, V r) HWY_ATTR {
    return hn::IfThenElse(hn::IsNaN(p), p, hn::IfThenElse(hn::IsNaN(q), q, r));
  };
  switch (s.op) {
    case Binary::add:
      return run([&](V p, V q) HWY_ATTR { return hn::Add(p, q); });
    case Binary::subtract:
      return run([&](V p, V q) HWY_ATTR { return hn::Sub(p, q); });
    case Binary::multiply:
      return run([&](V p, V q) HWY_ATTR { return hn::Mul(p, q); });
    case Binary::divide:
      return run([&](V p, V q) HWY_ATTR { return hn::Div(p, q); });
    case Binary::maximum:
      return run([&](V p, V q) HWY_ATTR { return nan_or(p, q, hn::Max(p, q)); });
    case Binary::minimum:
      return run([&](V p, V q) HWY_ATTR { return nan_or(p, q, hn::Min(p, q)); });
    case Binary::equal:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Eq(p, q), one); });
    case Binary::not_equal:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenZeroElse(hn::Eq(p, q), one); });
    case Binary::less:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Lt(p, q), one); });
    case Binary::less_equal:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Le(p, q), one); });
    case Binary::greater:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(p, q), one); });
    case Binary::greater_equal:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Ge(p, q), one); });
    case Binary::relu_gradient:
      return run([&](V p, V q) HWY_ATTR { return hn::IfThenElseZero(hn::Gt(q, zero), p); });
    case Binary::sigmoid_gradient:
      return run([&](V p, V q) HWY_ATTR { return hn::Mul(hn::Mul(p, q), hn::Sub(one, q)); });
    case Binary::tanh_gradient:
      return run([&](V p, V q) HWY_ATTR { return hn::Mul(p, hn::NegMulAdd(q, q, one)); });
    case Binary::power:
      break;  // see binary_simd_applies
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(BinaryRange);

bool binary_simd_applies(const BinaryShape& s) { return s.op != Binary::power; }

void binary_simd(const float* a, const float* b, float* y, const BinaryShape& s) {
  if (s.size() == 0) return;
  const auto in = static_cast<std::size_t>(s.rank - 1);
  if (s.rank == 1) {  // one long row: cut it
    parallel_for(s.sizes[0], 32768, [&](std::int64_t first, std::int64_t last) {
      BinaryShape part = s;
      part.sizes[0] = last - first;
      HWY_DYNAMIC_DISPATCH(BinaryRange)
      (a + first * s.a[0], b + first * s.b[0], y + first, part, 0, 1);
    });
    return;
  }
  parallel_for(s.size() / s.sizes[in], grain_for(s.sizes[in]),
               [&](std::int64_t first, std::int64_t last) {
                 HWY_DYNAMIC_DISPATCH(BinaryRange)(a, b, y, s, first, last);
               });
}

}  // namespace keratin::kernels::cpu
#endif
