#include <algorithm>
#include <limits>

#include "kernels/parallel.h"
#include "kernels/reduce/reduce.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;
namespace simd = keratin::kernels::HWY_NAMESPACE::simd;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

struct Sum {
  static float none() { return 0.0f; }
  static HWY_INLINE V join(V a, V b) { return hn::Add(a, b); }
  static HWY_INLINE float last(D d, V v) { return simd::ReduceSum(d, v); }
};
// A NaN of either side wins: hn::Max alone keeps one of the two by platform.
struct Max {
  static float none() { return -std::numeric_limits<float>::infinity(); }
  static HWY_INLINE V join(V a, V b) {
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::Gt(a, b), a, b));
  }
  static HWY_INLINE float last(D d, V v) {
    return hn::AllTrue(d, hn::Eq(v, v)) ? simd::ReduceMax(d, v)
                                        : std::numeric_limits<float>::quiet_NaN();
  }
};
struct Min {
  static float none() { return std::numeric_limits<float>::infinity(); }
  static HWY_INLINE V join(V a, V b) {
    return hn::IfThenElse(hn::IsNaN(a), a, hn::IfThenElse(hn::Lt(a, b), a, b));
  }
  static HWY_INLINE float last(D d, V v) {
    return hn::AllTrue(d, hn::Eq(v, v)) ? simd::ReduceMin(d, v)
                                        : std::numeric_limits<float>::quiet_NaN();
  }
};

template <class Op>
HWY_INLINE float Row(const float* x, std::int64_t n) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V none = hn::Set(d, Op::none());
  V a = none, b = none, c = none, e = none;
  std::int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    a = Op::join(a, hn::LoadU(d, x + i));
    b = Op::join(b, hn::LoadU(d, x + i + w));
    c = Op::join(c, hn::LoadU(d, x + i + 2 * w));
    e = Op::join(e, hn::LoadU(d, x + i + 3 * w));
  }
  for (; i < n; i += w) a = Op::join(a, simd::LoadNOr(none, d, x + i, n - i));
  return Op::last(d, Op::join(Op::join(a, b), Op::join(c, e)));
}

// y[i] = join of rows rows [0, n) of x[n, inner], for i in [first, last).
template <class Op>
HWY_INLINE void Columns(const float* x, float* y, std::int64_t n, std::int64_t inner,
                        std::int64_t first, std::int64_t last) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const V none = hn::Set(d, Op::none());
  std::int64_t i = first;
  for (; i + 4 * w <= last; i += 4 * w) {
    V a = none, b = none, c = none, e = none;
    for (std::int64_t r = 0; r < n; ++r) {
      const float* p = x + r * inner + i;
      a = Op::join(a, hn::LoadU(d, p));
      b = Op::join(b, hn::LoadU(d, p + w));
      c = Op::join(c, hn::LoadU(d, p + 2 * w));
      e = Op::join(e, hn::LoadU(d, p + 3 * w));
    }
    hn::StoreU(a, d, y + i);
    hn::StoreU(b, d, y + i + w);
    hn::StoreU(c, d, y + i + 2 * w);
    hn::StoreU(e, d, y + i + 3 * w);
  }
  for (; i < last; i += w) {
    V a = none;
    for (std::int64_t r = 0; r < n; ++r)
      a = Op::join(a, simd::LoadNOr(none, d, x + r * inner + i, last - i));
    simd::StoreN(a, d, y + i, last - i);
  }
}

void Rows(const float* x, float* y, Reduction op, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* p = x + r * n;
    y[r] = op == Reduction::sum   ? Row<Sum>(p, n)
           : op == Reduction::max ? Row<Max>(p, n)
                                  : Row<Min>(p, n);
  }
}

void ColumnRange(const float* x, float* y, Reduction op, std::int64_t n, std::int64_t inner,
                 std::int64_t first, std::int64_t last) {
  if (op == Reduction::sum) return Columns<Sum>(x, y, n, inner, first, last);
  if (op == Reduction::max) return Columns<Max>(x, y, n, inner, first, last);
  return Columns<Min>(x, y, n, inner, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Rows);
HWY_EXPORT(ColumnRange);

namespace {
constexpr std::int64_t kPiece = 16384;  // elements of one row that are summed in one go

// x[n, inner] -> y[inner], with pieces of rows on the threads and their results joined in order.
void reduce_columns(const float* x, float* y, Reduction op, std::int64_t n, std::int64_t inner) {
  const std::int64_t rows = std::max<std::int64_t>(8, 2 * kPiece / inner),
                     pieces = (n + rows - 1) / rows;
  if (pieces <= 1) {
    HWY_DYNAMIC_DISPATCH(ColumnRange)(x, y, op, n, inner, 0, inner);
    return;
  }
  const FloatScratch partial(pieces * inner);
  parallel_for(pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      HWY_DYNAMIC_DISPATCH(ColumnRange)
      (x + p * rows * inner, partial.data() + p * inner, op, std::min(rows, n - p * rows), inner, 0,
       inner);
    }
  });
  HWY_DYNAMIC_DISPATCH(ColumnRange)(partial.data(), y, op, pieces, inner, 0, inner);
}

// x[n] -> y[1]
void reduce_row(const float* x, float* y, Reduction op, std::int64_t n) {
  const std::int64_t pieces = (n + kPiece - 1) / kPiece;
  const FloatScratch partial(pieces);
  parallel_for(pieces, 2, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      HWY_DYNAMIC_DISPATCH(Rows)
      (x + p * kPiece, partial.data() + p, op, 1, std::min(kPiece, n - p * kPiece));
    }
  });
  HWY_DYNAMIC_DISPATCH(Rows)(partial.data(), y, op, 1, pieces);
}
}  // namespace

void reduce_simd(const float* x, float* y, const ReduceShape& s) {
  if (s.inner == 1) {
    if (s.reduced > kPiece) {
      for (std::int64_t o = 0; o < s.outer; ++o)
        reduce_row(x + o * s.reduced, y + o, s.op, s.reduced);
      return;
    }
    parallel_for(s.outer, grain_for(s.reduced), [&](std::int64_t first, std::int64_t last) {
      HWY_DYNAMIC_DISPATCH(Rows)(x + first * s.reduced, y + first, s.op, last - first, s.reduced);
    });
    return;
  }
  if (s.outer >= 4) {
    parallel_for(
        s.outer, grain_for(s.reduced * s.inner), [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t o = first; o < last; ++o) {
            HWY_DYNAMIC_DISPATCH(ColumnRange)
            (x + o * s.reduced * s.inner, y + o * s.inner, s.op, s.reduced, s.inner, 0, s.inner);
          }
        });
    return;
  }
  for (std::int64_t o = 0; o < s.outer && s.inner > 0; ++o) {
    reduce_columns(x + o * s.reduced * s.inner, y + o * s.inner, s.op, s.reduced, s.inner);
  }
}

}  // namespace keratin::kernels::cpu
#endif
