// A small k, such as the gradient of a classifier's input, known to the compiler: the other rungs'
// tile would be begun and written for a few multiply-adds. With 32 registers a vector of columns of
// B, all k rows of it, stays in them while some rows of A pass by.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernels/error.h"
#include "kernels/gemm/gemm.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/shallow.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/pack.h"
#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

// Rows of A and vectors of columns: 8 sums beside kShallowDepth vectors of B, or, with 16
// registers, 12 sums, for which one vector of B and one element of A are read at a time.
constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM;
constexpr int kRows = kManyRegisters ? 8 : 6, kVectors = kManyRegisters ? 1 : 2;
constexpr std::int64_t kStrip = kVectors * kLanes;

std::int64_t PackedSize(const GemmShape& s) { return (s.n + kStrip - 1) / kStrip * kStrip * s.k; }

// [n / kStrip][k][kStrip]
void PackStrips(const float* b, const GemmShape& s, float* to) {
  for (std::int64_t j = 0; j < s.n; j += kStrip, to += s.k * kStrip) {
    const std::int64_t count = std::min(kStrip, s.n - j);
    if (s.trans_b) {
      PackAlong(b + j * s.ldb, s.ldb, s.k, count, kStrip, to);
    } else {
      PackAcross(b + j, s.ldb, s.k, count, kStrip, to);
    }
  }
}

template <Order kOrder, int R, int K>
HWY_INLINE void Rows(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                     float* HWY_RESTRICT c, const Epilogue<float>& e, const GemmShape& s) {
  const D d;
  const std::int64_t lda = s.lda, ldc = s.ldc, n = s.n;
  const float* const bias = e.bias;
  const bool relu = e.activation == Activation::relu, accumulate = s.accumulate;
  const auto strip = [&](std::int64_t j, std::int64_t left, auto vectors, auto whole) HWY_ATTR {
    constexpr int kNow = vectors;
    const auto load = [&](const float* from, int v) HWY_ATTR {
      return whole ? hn::LoadU(d, from + v * kLanes)
                   : simd::LoadN(d, from + v * kLanes, left - v * kLanes);
    };
    V sums[R][kNow];
    KERATIN_UNROLL
    for (int v = 0; v < kNow; ++v) {
      const V start = bias != nullptr ? load(bias + j, v) : hn::Zero(d);
      KERATIN_UNROLL
      for (int i = 0; i < R; ++i) sums[i][v] = start;
    }
    KERATIN_UNROLL
    for (int r = 0; r < K; ++r) {
      V row[kNow];
      KERATIN_UNROLL
      for (int v = 0; v < kNow; ++v) row[v] = hn::LoadU(d, b + r * kStrip + v * kLanes);
      KERATIN_UNROLL
      for (int i = 0; i < R; ++i) {
        const V x = hn::Set(d, a[kOrder == Order::rows ? i * lda + r : r * lda + i]);
        KERATIN_UNROLL
        for (int v = 0; v < kNow; ++v) sums[i][v] = hn::MulAdd(row[v], x, sums[i][v]);
      }
    }
    b += K * kStrip;
    KERATIN_UNROLL
    for (int i = 0; i < R; ++i) {
      KERATIN_UNROLL
      for (int v = 0; v < kNow; ++v) {
        float* const to = c + i * ldc + j;
        V& sum = sums[i][v];
        if (accumulate) sum = hn::Add(sum, load(to, v));
        // Max would lose NaN on some targets.
        if (relu) sum = hn::IfThenZeroElse(hn::Lt(sum, hn::Zero(d)), sum);
        if (whole) {
          hn::StoreU(sum, d, to + v * kLanes);
        } else {
          simd::StoreN(sum, d, to + v * kLanes, left - v * kLanes);
        }
      }
    }
  };
  constexpr std::integral_constant<int, kVectors> kAll;
  constexpr std::integral_constant<int, 1> kOne;
  std::int64_t j = 0;
  for (; j + kStrip <= n; j += kStrip) strip(j, kStrip, kAll, std::true_type());
  if (n - j > kLanes) return strip(j, n - j, kAll, std::false_type());
  if (n - j == kLanes) return strip(j, kLanes, kOne, std::true_type());
  if (j < n) strip(j, n - j, kOne, std::false_type());
}

template <Order kOrder, int K>
void AllRows(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
             std::int64_t first, std::int64_t last) {
  const std::int64_t step = kOrder == Order::rows ? s.lda : 1;  // from a row of op(A) to the next
  std::int64_t row = first;
  for (; row + kRows <= last; row += kRows) {
    Rows<kOrder, kRows, K>(a + row * step, b, c + row * s.ldc, e, s);
  }
  for (; row < last; ++row) Rows<kOrder, 1, K>(a + row * step, b, c + row * s.ldc, e, s);
}

template <Order kOrder, int... kDepth>
auto AllRowsOf(std::int64_t depth, std::integer_sequence<int, kDepth...>) {
  using Fn = void (*)(const float*, const float*, float*, const Epilogue<float>&, const GemmShape&,
                      std::int64_t, std::int64_t);
  static constexpr Fn kEach[] = {&AllRows<kOrder, kDepth + 1>...};
  return kEach[depth - 1];
}

// Rows [first, last) of C; b: the packed strips.
void Shallow(const float* a, const float* b, float* c, const Epilogue<float>& e, const GemmShape& s,
             std::int64_t first, std::int64_t last) {
  constexpr auto kDepths = std::make_integer_sequence<int, kShallowDepth>();
  const auto rows =
      s.trans_a ? AllRowsOf<Order::columns>(s.k, kDepths) : AllRowsOf<Order::rows>(s.k, kDepths);
  rows(a, b, c, e, s, first, last);
}

std::int64_t VectorLanes() { return kLanes; }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(PackedSize);
HWY_EXPORT(PackStrips);
HWY_EXPORT(Shallow);
HWY_EXPORT(VectorLanes);

bool gemm_shallow_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(VectorLanes)();
  return s.batch == 1 && s.k >= 1 && s.k <= kShallowDepth && s.m >= (lanes > 8 ? 8 : 5) &&
         s.n >= 2 * lanes;
}

void gemm_shallow(const float* a, const float* b, float* c, const Epilogue<float>& e,
                  const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  KERATIN_ASSERT(s.batch == 1);
  const FloatScratch packed(HWY_DYNAMIC_DISPATCH(PackedSize)(s));
  HWY_DYNAMIC_DISPATCH(PackStrips)(b, s, packed.data());
  // Whole groups of 6 and of 8 rows.
  const std::int64_t grain = (grain_for(s.n * (s.k + 4), kPieceWork) + 23) / 24 * 24;
  parallel_for(s.m, grain, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Shallow)(a, packed.data(), c, e, s, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
