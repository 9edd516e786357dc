// Functions on vectors of floats, correct at the ends: NaN stays NaN, infinities and denormals give
// what <cmath> gives. Bounds are in units of the last place (ulp) of
// float32, against <cmath> in double; tests/kernels/simd_math.cpp holds them. Include inside a
// foreach_target source, like kernels/simd.h.
#if defined(KERATIN_KERNELS_SIMD_MATH_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KERATIN_KERNELS_SIMD_MATH_H_
#undef KERATIN_KERNELS_SIMD_MATH_H_
#else
#define KERATIN_KERNELS_SIMD_MATH_H_
#endif

#include <hwy/highway.h>

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels {
namespace HWY_NAMESPACE {
namespace simd {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> KeepNaN(D, hn::Vec<D> x, hn::Vec<D> result) {
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// 2^n for integral n in [-126, 127].
template <class D>
HWY_INLINE hn::Vec<D> PowerOfTwo(D d, hn::Vec<hn::RebindToSigned<D>> n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(n, hn::Set(di, 127))));
}

/// e^r - 1 for |r| <= ln 2 / 2: r + r^2 p(r), p a minimax fit; relative error of e^r 3e-9. Powers
/// apart (Estrin) make the chain of operations that wait for each other a third shorter.
template <class D>
HWY_INLINE hn::Vec<D> Expm1Reduced(D d, hn::Vec<D> r) {
  const auto r2 = hn::Mul(r, r);
  const auto low = hn::MulAdd(r, hn::Set(d, 1.66665211e-1f), hn::Set(d, 4.99999940e-1f));
  auto high = hn::MulAdd(r, hn::Set(d, 8.36871658e-3f), hn::Set(d, 4.16683890e-2f));
  high = hn::MulAdd(r2, hn::Set(d, 1.38145988e-3f), high);
  return hn::MulAdd(hn::MulAdd(high, r2, low), r2, r);
}

/// x = n ln 2 + r with |r| <= ln 2 / 2, for |x| <= 105. ln 2 is taken in two parts (Cody and
/// Waite), the first with 9 bits to spare, so that n times it is exact. Adding 1.5 2^23 rounds to a
/// whole number and leaves it in the lowest bits: no conversions.
template <class D>
HWY_INLINE hn::Vec<D> ReduceByLn2(D d, hn::Vec<D> x, hn::Vec<hn::RebindToSigned<D>>& n) {
  const hn::RebindToSigned<D> di;
  const auto magic = hn::Set(d, 12582912.0f);
  const auto shifted = hn::MulAdd(x, hn::Set(d, 1.44269504088896341f), magic);
  n = hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic));
  const auto k = hn::Sub(shifted, magic);
  const auto r = hn::NegMulAdd(k, hn::Set(d, 0.693359375f), x);
  return hn::NegMulAdd(k, hn::Set(d, -2.12194440054690581e-4f), r);
}

/// e^x. At most 1 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const auto inside = hn::Min(hn::Max(x, hn::Set(d, -105.0f)), hn::Set(d, 89.0f));
  hn::Vec<hn::RebindToSigned<D>> n;
  const auto s = Expm1Reduced(d, ReduceByLn2(d, inside, n));
  // 2^n in two factors, so that the result may be denormal.
  const auto half = hn::ShiftRight<1>(n);
  const auto a = PowerOfTwo(d, half), b = PowerOfTwo(d, hn::Sub(n, half));
  return KeepNaN(d, x, hn::Mul(hn::MulAdd(s, a, a), b));
}

/// e^x for x <= 0, where results below 2^-126 are 0: no denormals, which some processors are slow
/// at. At most 1 ulp off otherwise.
template <class D>
HWY_INLINE hn::Vec<D> ExpNegative(D d, hn::Vec<D> x) {
  const auto lowest = hn::Set(d, -87.33654f);
  const auto tiny = hn::Lt(x, lowest);  // not NaN, which goes through all that follows
  hn::Vec<hn::RebindToSigned<D>> n;
  const auto s = Expm1Reduced(d, ReduceByLn2(d, hn::IfThenElse(tiny, lowest, x), n));
  const auto scale = PowerOfTwo(d, n);
  return hn::IfThenZeroElse(tiny, hn::MulAdd(s, scale, scale));
}

/// e^x - 1 without cancellation. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Expm1(D d, hn::Vec<D> x) {
  // Near 0: x + x^2 / 2 + ... to degree 8; elsewhere e^x - 1 loses at most two bits.
  auto p = hn::Set(d, 1.0f / 40320);
  p = hn::MulAdd(p, x, hn::Set(d, 1.0f / 5040));
  p = hn::MulAdd(p, x, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, x, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, x, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, x, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, x, hn::Set(d, 0.5f));
  const auto near_zero = hn::MulAdd(hn::Mul(p, x), x, x);
  const auto far = hn::Sub(Exp(d, x), hn::Set(d, 1.0f));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.5f)), near_zero, far);
}

/// ln(1 + f) for -0.2929 <= f <= 0.4143, by 2 atanh(f / (2 + f)): s = f / (2 + f), |s| <= 0.172.
/// Series 2 s (1 + s^2 / 3 + s^4 / 5 + s^6 / 7 + s^8 / 9), relative error 3e-9.
template <class D>
HWY_INLINE hn::Vec<D> Log1pReduced(D d, hn::Vec<D> f) {
  const auto s = hn::Div(f, hn::Add(f, hn::Set(d, 2.0f)));
  const auto s2 = hn::Mul(s, s);
  auto p = hn::Set(d, 2.0f / 9);
  p = hn::MulAdd(p, s2, hn::Set(d, 2.0f / 7));
  p = hn::MulAdd(p, s2, hn::Set(d, 2.0f / 5));
  p = hn::MulAdd(p, s2, hn::Set(d, 2.0f / 3));
  // 2 s = f - f s, which keeps the last bits of f.
  return hn::Sub(f, hn::Mul(s, hn::NegMulAdd(s2, p, f)));
}

/// k ln 2 + ln(1 + f), for f as in Log1pReduced.
template <class D>
HWY_INLINE hn::Vec<D> LogOfParts(D d, hn::Vec<D> k, hn::Vec<D> f) {
  const auto low = hn::MulAdd(k, hn::Set(d, -2.12194440054690581e-4f), Log1pReduced(d, f));
  return hn::MulAdd(k, hn::Set(d, 0.693359375f), low);
}

/// k with x = 2^k m, m in [sqrt(1/2), sqrt(2)), for normal x > 0; anything for others.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> ExponentToNearest(D, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  return hn::ShiftRight<23>(hn::Sub(hn::BitCast(di, x), hn::Set(di, 0x3f3504f3)));
}

/// 2^-k x.
template <class D>
HWY_INLINE hn::Vec<D> WithoutExponent(D d, hn::Vec<D> x, hn::Vec<hn::RebindToSigned<D>> k) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Sub(hn::BitCast(di, x), hn::ShiftLeft<23>(k)));
}

/// The ends of a logarithm of x: -inf at 0, NaN below, inf at inf.
template <class D>
HWY_INLINE hn::Vec<D> LogEnds(D d, hn::Vec<D> x, hn::Vec<D> y) {
  const auto zero = hn::Zero(d), infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), y);
  y = hn::IfThenElse(hn::Lt(x, zero), hn::NaN(d), y);
  return KeepNaN(d, x, y);
}

/// ln x. At most 1 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Log(D d, hn::Vec<D> x) {
  const auto tiny = hn::Lt(x, hn::Set(d, 1.17549435e-38f));  // denormals are scaled by 2^23 first
  const auto scaled = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, 8388608.0f)), x);
  const auto k = ExponentToNearest(d, scaled);
  const auto f = hn::Sub(WithoutExponent(d, scaled, k), hn::Set(d, 1.0f));
  const auto kf = hn::Sub(hn::ConvertTo(d, k), hn::IfThenElseZero(tiny, hn::Set(d, 23.0f)));
  return LogEnds(d, x, LogOfParts(d, kf, f));
}

/// ln(1 + x), accurate near 0. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Log1p(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f), u = hn::Add(one, x);
  const auto k = ExponentToNearest(d, u);
  const auto lost = hn::Sub(x, hn::Sub(u, one));    // what rounding took from 1 + x
  const auto up_to = hn::Min(k, hn::Set(di, 126));  // beyond, nothing is lost
  const auto shrink = hn::BitCast(d, hn::ShiftLeft<23>(hn::Sub(hn::Set(di, 127), up_to)));  // 2^-k
  const auto f = hn::MulAdd(lost, shrink, hn::Sub(WithoutExponent(d, u, k), one));
  return LogEnds(d, u, LogOfParts(d, hn::ConvertTo(d, k), f));
}

/// 1 / (1 + e^-x). At most 3 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f);
  const auto e = Exp(d, hn::Neg(hn::Abs(x)));  // at most 1: nothing overflows
  const auto y = hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  return KeepNaN(d, x, y);
}

/// tanh x = 1 - 2 / (e^2|x| + 1) with the sign of x; below 0.6 x + x^3 p(x^2), p a minimax fit of
/// relative error 2.8e-9. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Tanh(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f), size = hn::Abs(x), s = hn::Mul(x, x);
  auto p = hn::Set(d, -5.89515781e-3f);
  p = hn::MulAdd(p, s, hn::Set(d, 2.07959712e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, -5.37838303e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.33319244e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, -3.33332986e-1f));
  const auto near_zero = hn::MulAdd(hn::Mul(p, s), size, size);
  const auto e = Exp(d, hn::Add(size, size));
  const auto far = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(e, one)));
  const auto y = hn::IfThenElse(hn::Lt(size, hn::Set(d, 0.6f)), near_zero, far);
  return KeepNaN(d, x, hn::CopySign(y, x));
}

/// ln(1 + e) for 0 <= e <= 1. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Log1pOfUnit(D d, hn::Vec<D> e) {
  const auto one = hn::Set(d, 1.0f);
  const auto upper = hn::Gt(e, hn::Set(d, 0.41421356f));  // 1 + e = 2 (1 + (e - 1) / 2)
  const auto f = hn::IfThenElse(upper, hn::Mul(hn::Sub(e, one), hn::Set(d, 0.5f)), e);
  return LogOfParts(d, hn::IfThenElseZero(upper, one), f);
}

/// ln(1 + e^x) = max(x, 0) + log1p(e^-|x|). At most 3 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Softplus(D d, hn::Vec<D> x) {
  const auto rest = Log1pOfUnit(d, Exp(d, hn::Neg(hn::Abs(x))));
  return KeepNaN(d, x, hn::Add(hn::Max(x, hn::Zero(d)), rest));
}

/// erf x. Below 0.9 x + x p(x^2), above 1 - e^-q(|x|); p and q are minimax fits of relative error
/// 1.2e-8 and 1.7e-9. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Erf(D d, hn::Vec<D> x) {
  const auto set = [&](float c) HWY_ATTR { return hn::Set(d, c); };
  const auto s = hn::Mul(x, x), s2 = hn::Mul(s, s);
  auto p = hn::MulAdd(set(-6.09036012e-4f), s, set(5.01196273e-3f));
  p = hn::MulAdd(p, s2, hn::MulAdd(set(-2.67789084e-2f), s, set(1.12821408e-1f)));
  p = hn::MulAdd(p, s2, hn::MulAdd(set(-3.76125246e-1f), s, set(1.28379151e-1f)));
  const auto near_zero = hn::MulAdd(p, x, x);
  const auto t = hn::Min(hn::Abs(x), set(4.0f)), t2 = hn::Mul(t, t);  // erf 4 = 1 - 1.5e-8 is 1
  auto q = hn::MulAdd(set(-1.98219728e-4f), t2,
                      hn::MulAdd(set(3.06549086e-3f), t, set(-2.23152153e-2f)));
  q = hn::MulAdd(q, t2, hn::MulAdd(set(1.04113683e-1f), t, set(6.36976063e-1f)));
  q = hn::MulAdd(q, t2, hn::MulAdd(set(1.12779725f), t, set(1.66447164e-4f)));
  const auto far = hn::CopySign(hn::Sub(set(1.0f), ExpNegative(d, hn::Neg(q))), x);
  return KeepNaN(d, x, hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.9f)), near_zero, far));
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
