// Functions on vectors of floats, correct at the ends: NaN stays NaN, infinities and denormals give
// what <cmath> gives. Bounds hold for float32 against <cmath> in double. Include inside a
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

/// e^r for |r| <= ln 2 / 2: Taylor to degree 7, relative error of the series 5e-9.
template <class D>
HWY_INLINE hn::Vec<D> ExpReduced(D d, hn::Vec<D> r) {
  auto p = hn::Set(d, 1.0f / 5040);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 720));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
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

/// e^x. Relative error at most 2.5e-7.
template <class D>
HWY_INLINE hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const auto inside = hn::Min(hn::Max(x, hn::Set(d, -105.0f)), hn::Set(d, 89.0f));
  hn::Vec<hn::RebindToSigned<D>> n;
  const auto r = ReduceByLn2(d, inside, n);
  return KeepNaN(d, x, ScaleByPowerOfTwo(d, ExpReduced(d, r), n));
}

/// e^x - 1 without cancellation. Relative error at most 4e-7.
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

/// ln x. Error at most 3e-7 of the result or 1e-7 near x = 1.
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

/// ln(1 + x), accurate near 0. Relative error at most 4e-7.
template <class D>
HWY_INLINE hn::Vec<D> Log1p(D d, hn::Vec<D> x) {
  const auto small = hn::And(hn::Gt(x, hn::Set(d, -0.29f)), hn::Lt(x, hn::Set(d, 0.41f)));
  return hn::IfThenElse(small, Log1pReduced(d, x), Log(d, hn::Add(x, hn::Set(d, 1.0f))));
}

/// 1 / (1 + e^-x). Relative error at most 4e-7.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f);
  const auto e = Exp(d, hn::Neg(hn::Abs(x)));  // at most 1: nothing overflows
  const auto y = hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  return KeepNaN(d, x, y);
}

/// tanh x = -expm1(-2 |x|) / (expm1(-2 |x|) + 2) with the sign of x. Relative error at most 6e-7.
template <class D>
HWY_INLINE hn::Vec<D> Tanh(D d, hn::Vec<D> x) {
  const auto e = Expm1(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
  const auto y = hn::Div(hn::Neg(e), hn::Add(e, hn::Set(d, 2.0f)));
  return KeepNaN(d, x, hn::CopySign(y, x));
}

/// ln(1 + e^x) = max(x, 0) + log1p(e^-|x|). Relative error at most 5e-7.
template <class D>
HWY_INLINE hn::Vec<D> Softplus(D d, hn::Vec<D> x) {
  const auto y = hn::Add(hn::Max(x, hn::Zero(d)), Log1p(d, Exp(d, hn::Neg(hn::Abs(x)))));
  return KeepNaN(d, x, y);
}

}  // namespace simd
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels
HWY_AFTER_NAMESPACE();
#endif
