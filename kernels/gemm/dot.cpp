// A few columns, such as a classifier's scores, as dot products: vectors run along k, so that no
// lane is idle where n is no multiple of the vector. A is read as it lies, and so are a few columns of
// a transposed B; else B is copied into [k / lanes][n][lanes]. The sums of some rows stay in
// registers; four at a time are folded into one.
// A few rows of A by a transposed B are the same with the operands' parts exchanged: C^T = B A^T.
#include "kernels/gemm/gemm.h"

#include <algorithm>
#include <utility>

#include "kernels/crossovers.h"
#include "kernels/error.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/dot.cpp"
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

constexpr bool kManyRegisters = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM;
// Rows whose sums fit into the registers beside a vector of each and one of B. Three columns were
// measured to be faster by two rows than by four.
constexpr int RowsFor(int columns) {
  if (columns != 3 && columns <= (kManyRegisters ? 6 : 2)) return 4;
  return columns <= (kManyRegisters ? 12 : 6) ? 2 : 1;
}

// 4 to kMostAsTheyLie columns of a transposed B need no copy, which a few rows do not pay back; more
// would take too many pointers.
constexpr int kMostAsTheyLie = 6;
bool Packs(const GemmShape& s) { return !s.trans_b || s.n < 4 || s.n > kMostAsTheyLie || s.m > 64; }

std::int64_t Lanes() { return kLanes; }

std::int64_t PackedSize(const GemmShape& s) { return (s.k + kLanes - 1) / kLanes * kLanes * s.n; }

void PackB(const float* b, const GemmShape& s, float* to) {
  for (std::int64_t k0 = 0; k0 < s.k; k0 += kLanes, to += s.n * kLanes) {
    const std::int64_t count = std::min(kLanes, s.k - k0);
    if (s.trans_b) {
      PackAcross(b + k0, s.ldb, s.n, count, kLanes, to);
    } else {
      PackAlong(b + k0 * s.ldb, s.ldb, s.n, count, kLanes, to);
    }
  }
}

// R rows by all N columns, from row a on. Columns of B are `column` apart; kPacked: their vectors
// follow each other.
template <bool kPacked, int R, int N>
HWY_INLINE void Rows(const float* HWY_RESTRICT a, std::int64_t lda, const float* HWY_RESTRICT b,
                     std::int64_t column, std::int64_t k, float (&out)[R][kDotColumns]) {
  const D d;
  V sums[R][N];
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
    KERATIN_UNROLL
    for (int j = 0; j < N; ++j) sums[i][j] = hn::Zero(d);
  }
  const auto step = [&](auto load) HWY_ATTR {
    V row[R];
    KERATIN_UNROLL
    for (int i = 0; i < R; ++i) row[i] = load(a + i * lda);
    KERATIN_UNROLL
    for (int j = 0; j < N; ++j) {
      const V of_b = kPacked ? hn::LoadU(d, b + j * kLanes) : load(b + j * column);
      KERATIN_UNROLL
      for (int i = 0; i < R; ++i) sums[i][j] = hn::MulAdd(row[i], of_b, sums[i][j]);
    }
  };
  std::int64_t k0 = 0;
  for (; k0 + kLanes <= k; k0 += kLanes, a += kLanes, b += kPacked ? N * kLanes : kLanes) {
    step([d](const float* p) HWY_ATTR { return hn::LoadU(d, p); });
  }
  if (k0 < k) step([d, k, k0](const float* p) HWY_ATTR { return simd::LoadN(d, p, k - k0); });
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
    KERATIN_UNROLL
    for (int j = 0; j < N; j += 4) {
      V four[4];
      KERATIN_UNROLL
      for (int i4 = 0; i4 < 4; ++i4) four[i4] = j + i4 < N ? sums[i][j + i4] : hn::Zero(d);
      FoldFour(four, out[i] + j);
    }
  }
}

struct Output {
  float* c;
  std::int64_t row_step, column_step;
  const float* bias;
  std::int64_t bias_row_step, bias_column_step;
  bool relu, accumulate;

  void Write(std::int64_t row, std::int64_t columns, const float* sums) const {
    for (std::int64_t j = 0; j < columns; ++j) {
      float* const to = c + row * row_step + j * column_step;
      float y = sums[j];
      if (bias != nullptr) y += bias[row * bias_row_step + j * bias_column_step];
      if (accumulate) y += *to;
      *to = relu && y < 0 ? 0.0F : y;
    }
  }
};

template <bool kPacked, int R, int N>
HWY_INLINE void SomeRows(const float* a, const GemmShape& s, const float* b, const Output& output,
                         std::int64_t row) {
  float sums[R][kDotColumns];
  Rows<kPacked, R, N>(a + row * s.lda, s.lda, b, s.ldb, s.k, sums);
  for (int i = 0; i < R; ++i) output.Write(row + i, N, sums[i]);
}

template <bool kPacked, int N>
void AllRows(const float* a, const GemmShape& s, const float* b, const Output& output,
             std::int64_t first, std::int64_t last) {
  constexpr int kRows = RowsFor(N);
  std::int64_t row = first;
  for (; row + kRows <= last; row += kRows) SomeRows<kPacked, kRows, N>(a, s, b, output, row);
  for (; row < last; ++row) SomeRows<kPacked, 1, N>(a, s, b, output, row);
}

template <bool kPacked, int... kColumn>
auto AllRowsOf(std::int64_t columns, std::integer_sequence<int, kColumn...>) {
  using Fn = void (*)(const float*, const GemmShape&, const float*, const Output&, std::int64_t,
                      std::int64_t);
  static constexpr Fn kEach[] = {&AllRows<kPacked, kColumn + 1>...};
  return kEach[columns - 1];
}

// b: packed, or as it lies.
void Dot(const float* a, const GemmShape& s, const float* b, float* c, const Epilogue<float>& e,
         bool exchanged, std::int64_t first, std::int64_t last) {
  const bool relu = e.activation == Activation::relu;
  const Output output = exchanged ? Output{c, 1, s.ldc, e.bias, 1, 0, relu, s.accumulate}
                                  : Output{c, s.ldc, 1, e.bias, 0, 1, relu, s.accumulate};
  const auto rows = Packs(s)
                        ? AllRowsOf<true>(s.n, std::make_integer_sequence<int, kDotColumns>())
                        : AllRowsOf<false>(s.n, std::make_integer_sequence<int, kMostAsTheyLie>());
  rows(a, s, b, output, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(Lanes);
HWY_EXPORT(Packs);
HWY_EXPORT(PackedSize);
HWY_EXPORT(PackB);
HWY_EXPORT(Dot);

namespace {

// The product of C^T = op(B)^T op(A)^T; its C lies as C does.
GemmShape exchange(GemmShape s) {
  std::swap(s.m, s.n);
  std::swap(s.lda, s.ldb);
  const bool trans_a = s.trans_a;
  s.trans_a = !s.trans_b;
  s.trans_b = !trans_a;
  return s;
}

bool has_few_columns(const GemmShape& s) {
  const std::int64_t folds = (s.n + 3) / 4;  // of a row: up to three
  return s.batch == 1 && !s.trans_a && s.n >= 1 &&
         s.n <= std::min<std::int64_t>(kDotColumns, crossovers().dot_columns) &&
         4 * s.k >= (1 + folds) * crossovers().dot_depth && s.m >= 8;
}

}  // namespace

bool gemm_dot_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  // A vector full of columns leaves no lane idle either way, and sums across lanes are saved.
  const bool fills = s.n == 8 && HWY_DYNAMIC_DISPATCH(Lanes)() == 8;
  return (has_few_columns(s) && !fills) || has_few_columns(exchange(s));
}

void gemm_dot(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& shape) {
  GemmShape s = merged_batch(shape);
  KERATIN_ASSERT(s.batch == 1);
  const bool exchanged = !has_few_columns(s);
  if (exchanged) {
    s = exchange(s);
    std::swap(a, b);
  }
  const std::int64_t grain = grain_for(s.n * s.k, kPieceWork);
  const bool packs = HWY_DYNAMIC_DISPATCH(Packs)(s);
  const FloatScratch packed(packs ? HWY_DYNAMIC_DISPATCH(PackedSize)(s) : 0);
  if (packs) {
    HWY_DYNAMIC_DISPATCH(PackB)(b, s, packed.data());
    b = packed.data();
  }
  parallel_for(s.m, grain, [&](std::int64_t first, std::int64_t last) {
    HWY_DYNAMIC_DISPATCH(Dot)(a, s, b, c, e, exchanged, first, last);
  });
}

}  // namespace keratin::kernels::cpu
#endif
