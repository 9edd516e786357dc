#include <algorithm>

#include "kernels/elementwise/elementwise.h"
#include "kernels/elementwise/rows.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

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
  const V one_a = hn::Set(d, *a), one_b = hn::Set(d, *b);
  simd::ForEachVector(d, n, [&](std::int64_t i, std::int64_t left) HWY_ATTR {
    const V va = kStepA ? simd::LoadN(d, a + i, left) : one_a,
            vb = kStepB ? simd::LoadN(d, b + i, left) : one_b;
    simd::StoreN(f(va, vb), d, y + i, left);
  });
}

// Rows first .. last - 1 of the output, where all but the innermost axis count rows.
template <bool kStepA, bool kStepB, class F>
HWY_INLINE void Rows(const float* a, const float* b, float* y, const BinaryShape& s,
                     std::int64_t first, std::int64_t last, F f) {
  const std::int64_t n = s.sizes[static_cast<std::size_t>(s.rank - 1)];
  RowWalk walk(s, first);
  for (std::int64_t row = first; row < last; ++row, walk.next())
    Row<kStepA, kStepB>(a + walk.a(), b + walk.b(), y + row * n, n, f);
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
    case Binary::sigmoid_cross_entropy:
      return run([&](V p, V q) HWY_ATTR {
        // max(p, 0) - p q first: where p is large and q is 1, it is exactly 0 and the rest counts.
        const V rest = simd::Log1pOfUnit(d, simd::Exp(d, hn::Neg(hn::Abs(p))));
        return hn::Add(hn::NegMulAdd(p, q, hn::Max(p, zero)), rest);
      });
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

namespace {

constexpr std::int64_t kPiece = 32768;
constexpr std::int64_t kShortRow = 128;

void one_row(const float* a, const float* b, float* y, const BinaryShape& s) {
  parallel_for(s.sizes[0], kPiece, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(BinaryRange)
    (a + first * s.a[0], b + first * s.b[0], y + first, part_of(s, first, last), 0, 1);
  });
}

// Is it [rows, n] with a short row that all rows share, such as a bias of 10 classes or of 3
// colours?
bool is_short_row(const BinaryShape& s) {
  return s.rank == 2 && s.sizes[1] <= kShortRow && s.a[1] == 1 && s.b[1] == 1 &&
         (s.a[0] == 0) != (s.b[0] == 0);
}

// The short row, repeated: rows of a few hundred elements have no partial vectors to speak of.
void repeated_row(const float* a, const float* b, float* y, const BinaryShape& s) {
  const std::int64_t n = s.sizes[1], size = s.size(), repeats = 4 * kShortRow / n,
                     wide = repeats * n;
  const bool repeats_b = s.b[0] == 0;
  const FloatScratch repeated(wide);
  for (std::int64_t i = 0; i < repeats; ++i)
    std::copy_n(repeats_b ? b : a, n, repeated.data() + i * n);
  const BinaryShape row{.op = s.op, .rank = 1, .sizes = {wide}, .a = {1}, .b = {1}};
  parallel_for((size + wide - 1) / wide, grain_for(wide),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first * wide; i < std::min(size, last * wide); i += wide) {
                   HWY_DYNAMIC_DISPATCH(BinaryRange)
                   (repeats_b ? a + i : repeated.data(), repeats_b ? repeated.data() : b + i, y + i,
                    part_of(row, 0, std::min(wide, size - i)), 0, 1);
                 }
               });
}

}  // namespace

void binary_simd(const float* a, const float* b, float* y, const BinaryShape& s) {
  if (s.size() == 0) return;
  if (s.rank == 1) return one_row(a, b, y, s);
  if (is_short_row(s)) return repeated_row(a, b, y, s);
  const std::int64_t n = s.sizes[static_cast<std::size_t>(s.rank - 1)];
  parallel_for(s.size() / n, grain_for(n, kPiece), [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(BinaryRange)(a, b, y, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
