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

/// 2^n r for integral n in [-252, 254]: two factors, so that the result may be denormal.
template <class D>
HWY_INLINE hn::Vec<D> ScaleByPowerOfTwo(D d, hn::Vec<D> r, hn::Vec<hn::RebindToSigned<D>> n) {
  const hn::RebindToSigned<D> di;
  const auto bias = hn::Set(di, 127);
  const auto half = hn::ShiftRight<1>(n), rest = hn::Sub(n, half);
  const auto a = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const auto b = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(rest, bias)));
  return hn::Mul(hn::Mul(r, a), b);
}

/// e^r for |r| <= ln 2 / 2: 1 + r + r^2 p(r), p a minimax fit; relative error of the series 3e-9.
template <class D>
HWY_INLINE hn::Vec<D> ExpReduced(D d, hn::Vec<D> r) {
  auto p = hn::Set(d, 1.38145988e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 8.36871658e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.16683890e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.66665211e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.99999940e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::MulAdd(p, r, hn::Set(d, 1.0f));
}

/// x = n ln 2 + r with |r| <= ln 2 / 2, for |x| <= 105. ln 2 is taken in two parts (Cody and
/// Waite), the first with 9 bits to spare, so that n times it is exact.
template <class D>
HWY_INLINE hn::Vec<D> ReduceByLn2(D d, hn::Vec<D> x, hn::Vec<hn::RebindToSigned<D>>& n) {
  const auto k = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504088896341f)));
  n = hn::ConvertTo(hn::RebindToSigned<D>(), k);
  const auto r = hn::NegMulAdd(k, hn::Set(d, 0.693359375f), x);
  return hn::NegMulAdd(k, hn::Set(d, -2.12194440054690581e-4f), r);
}

/// e^x. At most 1 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const auto inside = hn::Min(hn::Max(x, hn::Set(d, -105.0f)), hn::Set(d, 89.0f));
  hn::Vec<hn::RebindToSigned<D>> n;
  const auto r = ReduceByLn2(d, inside, n);
  return KeepNaN(d, x, ScaleByPowerOfTwo(d, ExpReduced(d, r), n));
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

/// ln x. At most 1 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Log(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto zero = hn::Zero(d), infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const auto tiny = hn::Lt(x, hn::Set(d, 1.17549435e-38f));  // denormals are scaled by 2^23 first
  const auto scaled = hn::IfThenElse(tiny, hn::Mul(x, hn::Set(d, 8388608.0f)), x);
  // x = 2^k m with m in [sqrt(1/2), sqrt(2))
  const auto bits = hn::BitCast(di, scaled);
  const auto shifted = hn::Sub(bits, hn::Set(di, 0x3f3504f3));
  const auto k = hn::ShiftRight<23>(shifted);
  const auto m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(k)));
  const auto kf = hn::Sub(hn::ConvertTo(d, k), hn::IfThenElseZero(tiny, hn::Set(d, 23.0f)));
  const auto log_m = Log1pReduced(d, hn::Sub(m, hn::Set(d, 1.0f)));
  auto y = hn::MulAdd(kf, hn::Set(d, 0.693359375f),
                      hn::MulAdd(kf, hn::Set(d, -2.12194440054690581e-4f), log_m));
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), y);
  y = hn::IfThenElse(hn::Lt(x, zero), hn::NaN(d), y);
  return KeepNaN(d, x, y);
}

/// ln(1 + x), accurate near 0. At most 3 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Log1p(D d, hn::Vec<D> x) {
  const auto small = hn::And(hn::Gt(x, hn::Set(d, -0.29f)), hn::Lt(x, hn::Set(d, 0.41f)));
  return hn::IfThenElse(small, Log1pReduced(d, x), Log(d, hn::Add(x, hn::Set(d, 1.0f))));
}

/// 1 / (1 + e^-x). At most 3 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f);
  const auto e = Exp(d, hn::Neg(hn::Abs(x)));  // at most 1: nothing overflows
  const auto y = hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  return KeepNaN(d, x, y);
}

/// tanh x = -expm1(-2 |x|) / (expm1(-2 |x|) + 2) with the sign of x. At most 3.5 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Tanh(D d, hn::Vec<D> x) {
  const auto e = Expm1(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
  const auto y = hn::Div(hn::Neg(e), hn::Add(e, hn::Set(d, 2.0f)));
  return KeepNaN(d, x, hn::CopySign(y, x));
}

/// ln(1 + e^x) = max(x, 0) + log1p(e^-|x|). At most 3 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Softplus(D d, hn::Vec<D> x) {
  const auto y = hn::Add(hn::Max(x, hn::Zero(d)), Log1p(d, Exp(d, hn::Neg(hn::Abs(x)))));
  return KeepNaN(d, x, y);
}

/// erf x. Below 0.9 x + x p(x^2), above 1 - e^-q(|x|); p and q are minimax fits of relative error
/// 1.2e-8 and 1.7e-9. At most 2 ulp off.
template <class D>
HWY_INLINE hn::Vec<D> Erf(D d, hn::Vec<D> x) {
  const auto s = hn::Mul(x, x);
  auto p = hn::Set(d, -6.09036012e-4f);
  p = hn::MulAdd(p, s, hn::Set(d, 5.01196273e-3f));
  p = hn::MulAdd(p, s, hn::Set(d, -2.67789084e-2f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.12821408e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, -3.76125246e-1f));
  p = hn::MulAdd(p, s, hn::Set(d, 1.28379151e-1f));
  const auto near_zero = hn::MulAdd(p, x, x);
  const auto t = hn::Min(hn::Abs(x), hn::Set(d, 4.0f));  // erf 4 = 1 - 1.5e-8 is 1
  auto q = hn::Set(d, -1.98219728e-4f);
  q = hn::MulAdd(q, t, hn::Set(d, 3.06549086e-3f));
  q = hn::MulAdd(q, t, hn::Set(d, -2.23152153e-2f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.04113683e-1f));
  q = hn::MulAdd(q, t, hn::Set(d, 6.36976063e-1f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.12779725f));
  q = hn::MulAdd(q, t, hn::Set(d, 1.66447164e-4f));
  const auto far = hn::CopySign(hn::Sub(hn::Set(d, 1.0f), Exp(d, hn::Neg(q))), x);
  return KeepNaN(d, x, hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.9f)), near_zero, far));
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
