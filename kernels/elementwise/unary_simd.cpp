#include "kernels/elementwise/elementwise.h"
#include "kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/unary_simd.cpp"
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

template <class F>
HWY_INLINE void ForEach(const float* x, float* y, std::int64_t n, F f) {
  const D d;
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t left) HWY_ATTR {
    simd::StoreN(f(simd::LoadN(d, x + i, left)), d, y + i, left);
  });
}

void UnaryRange(const float* x, float* y, Unary op, std::int64_t n) {
  const D d;
  const V one = hn::Set(d, 1.0f), zero = hn::Zero(d);
  switch (op) {
    case Unary::negative:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Neg(v); });
    case Unary::abs:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Abs(v); });
    case Unary::sign:
      return ForEach(x, y, n, [&](V v) HWY_ATTR {
        const V unit = hn::CopySign(one, v);
        return simd::KeepNaN(d, v, hn::IfThenElse(hn::Eq(v, zero), zero, unit));
      });
    case Unary::square:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Mul(v, v); });
    case Unary::sqrt:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Sqrt(v); });
    case Unary::rsqrt:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Div(one, hn::Sqrt(v)); });
    case Unary::reciprocal:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Div(one, v); });
    case Unary::exp:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Exp(d, v); });
    case Unary::expm1:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Expm1(d, v); });
    case Unary::log:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Log(d, v); });
    case Unary::log1p:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Log1p(d, v); });
    case Unary::tanh:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Tanh(d, v); });
    case Unary::sigmoid:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Sigmoid(d, v); });
    case Unary::softplus:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Softplus(d, v); });
    case Unary::relu:
      return ForEach(x, y, n,
                     [&](V v) HWY_ATTR { return hn::IfThenElse(hn::Lt(v, zero), zero, v); });
    case Unary::floor:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Floor(v); });
    case Unary::ceil:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Ceil(v); });
    case Unary::round:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return hn::Round(v); });
    case Unary::erf:
      return ForEach(x, y, n, [&](V v) HWY_ATTR { return simd::Erf(d, v); });
    case Unary::sin:
    case Unary::cos:
      break;  // see unary_simd_applies
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(UnaryRange);

bool unary_simd_applies(const UnaryShape& s) { return s.op != Unary::sin && s.op != Unary::cos; }

void unary_simd(const float* x, float* y, const UnaryShape& s) {
  parallel_for(s.size, 32768, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(UnaryRange)(x + first, y + first, s.op, last - first);
  });
}

}  // namespace keratin::kernels::cpu
#endif
