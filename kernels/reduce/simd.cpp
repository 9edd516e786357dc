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

// acc[c] = x[c] joined over n >= 1 rows of x, which lie `stride` apart, for c < width; four rows at
// a time, so that memory is read in four long runs and acc is touched once for four.
template <class Op>
HWY_INLINE void Columns(const float* x, std::int64_t stride, float* acc, std::int64_t n,
                        std::int64_t width) {
  const D d;
  const auto w = static_cast<std::int64_t>(hn::Lanes(d));
  const auto each = [&](auto f) HWY_ATTR {  // f(acc so far, column, lanes left)
    for (std::int64_t c = 0; c < width; c += w)
      simd::StoreN(f(simd::LoadN(d, acc + c, width - c), c, width - c), d, acc + c, width - c);
  };
  const auto row = [&](std::int64_t r, std::int64_t c, std::int64_t left)
                       HWY_ATTR { return simd::LoadN(d, x + r * stride + c, left); };
  each([&](V, std::int64_t c, std::int64_t left) HWY_ATTR { return row(0, c, left); });
  std::int64_t r = 1;
  for (; r + 4 <= n; r += 4) {
    each([&](V so_far, std::int64_t c, std::int64_t left) HWY_ATTR {
      const V four = Op::join(Op::join(row(r, c, left), row(r + 1, c, left)),
                              Op::join(row(r + 2, c, left), row(r + 3, c, left)));
      return Op::join(so_far, four);
    });
  }
  for (; r < n; ++r) {
    each([&](V so_far, std::int64_t c, std::int64_t left)
             HWY_ATTR { return Op::join(so_far, row(r, c, left)); });
  }
}

void RowRange(const float* x, float* y, Reduction op, std::int64_t rows, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* p = x + r * n;
    y[r] = op == Reduction::sum   ? Row<Sum>(p, n)
           : op == Reduction::max ? Row<Max>(p, n)
                                  : Row<Min>(p, n);
  }
}

void ColumnRange(const float* x, std::int64_t stride, float* acc, Reduction op, std::int64_t n,
                 std::int64_t width) {
  if (op == Reduction::sum) return Columns<Sum>(x, stride, acc, n, width);
  if (op == Reduction::max) return Columns<Max>(x, stride, acc, n, width);
  return Columns<Min>(x, stride, acc, n, width);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(RowRange);
HWY_EXPORT(ColumnRange);

namespace {

// A piece of work. Its sums are chains of some hundred terms; pieces are joined by this same
// reduction, and their joins again, so that rounding errors grow with the logarithm of the length.
constexpr std::int64_t kRowPiece = 16384;            // elements of one row
constexpr std::int64_t kColumnPiece = 65536;         // elements of a block of rows and columns
constexpr std::int64_t kWidth = 1024, kNarrow = 64;  // columns

void reduce_rows(const float* x, float* y, const ReduceShape& s) {  // inner = 1
  if (s.reduced <= kRowPiece) {
    parallel_for(s.outer, grain_for(s.reduced), [&](std::int64_t first, std::int64_t last) {
      HWY_DYNAMIC_DISPATCH(RowRange)
      (x + first * s.reduced, y + first, s.op, last - first, s.reduced);
    });
    return;
  }
  const std::int64_t pieces = (s.reduced + kRowPiece - 1) / kRowPiece;
  const FloatScratch partial(s.outer * pieces);
  parallel_for(s.outer * pieces, 2, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = i / pieces, at = i % pieces * kRowPiece;
      HWY_DYNAMIC_DISPATCH(RowRange)
      (x + row * s.reduced + at, partial.data() + i, s.op, 1, std::min(kRowPiece, s.reduced - at));
    }
  });
  reduce_rows(partial.data(), y, {s.op, s.outer, pieces, 1});
}

void reduce_columns(const float* x, float* y, const ReduceShape& s) {
  const std::int64_t width = std::min(s.inner, kWidth),
                     rows = std::max<std::int64_t>(64, kColumnPiece / width),
                     across = (s.inner + width - 1) / width, down = (s.reduced + rows - 1) / rows;
  const bool one_piece = down == 1;
  const FloatScratch partial(one_piece ? 0 : s.outer * down * s.inner);
  float* const to = one_piece ? y : partial.data();
  parallel_for(s.outer * down * across, grain_for(std::min(rows, s.reduced) * width),
               [&](std::int64_t first, std::int64_t last) {
                 for (std::int64_t i = first; i < last; ++i) {
                   const std::int64_t column = i % across * width, o = i / across / down,
                                      row = i / across % down * rows;
                   HWY_DYNAMIC_DISPATCH(ColumnRange)
                   (x + (o * s.reduced + row) * s.inner + column, s.inner,
                    to + i / across * s.inner + column, s.op, std::min(rows, s.reduced - row),
                    std::min(width, s.inner - column));
                 }
               });
  if (!one_piece) reduce_columns(partial.data(), y, {s.op, s.outer, down, s.inner});
}

// Few columns, such as 3 colours: k rows that fill some vectors count as one row, [n, inner] as
// [n / k, k inner]; at the end the k parts are joined, and the rows that are left.
void reduce_few_columns(const float* x, float* y, Reduction op, std::int64_t n,
                        std::int64_t inner) {
  const std::int64_t k = 2 * kNarrow / inner, wide = n / k, left = n % k;
  const FloatScratch joined(inner * k);
  reduce_columns(x, joined.data(), {op, 1, wide, k * inner});
  HWY_DYNAMIC_DISPATCH(ColumnRange)(joined.data(), inner, y, op, k, inner);
  if (left == 0) return;
  std::copy_n(y, inner, joined.data());
  HWY_DYNAMIC_DISPATCH(ColumnRange)
  (x + wide * k * inner, inner, joined.data() + inner, op, left, inner);
  HWY_DYNAMIC_DISPATCH(ColumnRange)(joined.data(), inner, y, op, 2, inner);
}

void reduce_narrow(const float* x, float* y, const ReduceShape& s) {
  const std::int64_t size = s.reduced * s.inner;
  const auto each = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t o = first; o < last; ++o)
      reduce_few_columns(x + o * size, y + o * s.inner, s.op, s.reduced, s.inner);
  };
  if (s.outer >= 16) return parallel_for(s.outer, grain_for(size), each);
  each(0, s.outer);  // each one on all threads
}

}  // namespace

void reduce_simd(const float* x, float* y, const ReduceShape& s) {
  if (s.outer == 0 || s.inner == 0) return;
  if (s.reduced == 0) {
    std::fill_n(y, s.outer * s.inner, 0.0f);
  } else if (s.inner == 1) {
    reduce_rows(x, y, s);
  } else if (s.inner < kNarrow && s.reduced * s.inner >= 8192) {
    reduce_narrow(x, y, s);
  } else {
    reduce_columns(x, y, s);
  }
}

}  // namespace keratin::kernels::cpu
#endif
