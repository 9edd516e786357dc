// A few columns, such as a classifier's scores: as dot products, vectors running along k, so that no
// lane is idle where n is no multiple of the vector. A is read as it lies, and B is copied into
// [k / lanes][n][lanes]. The sums of a row stay in registers; four at a time are folded into one
// vector by interleaving.
#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "kernels/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/dot.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/gemm/tile.h"
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace keratin::kernels::cpu {
namespace HWY_NAMESPACE {
namespace {
using namespace gemm;  // NOLINT: the tile's vocabulary, inside an unnamed namespace

constexpr int kMostColumns = 12;
// Rows whose sums fit into the registers beside a vector of A.
constexpr int kRows = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 2 : 1;

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

#if HWY_TARGET != HWY_SCALAR
// The sum of the vector's quarters, eighths ...: four lanes.
template <class DV>
HWY_INLINE auto Quartet([[maybe_unused]] DV d, hn::Vec<DV> v) {
  if constexpr (hn::MaxLanes(DV()) <= 4) {
    return v;
  } else {
    const hn::Half<DV> half;
    return Quartet(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

// out[j] = the sum of all lanes of sums[j], four of them.
HWY_INLINE void Fold(V a, V b, V c, V e, float* out) {
  const D d;
  const hn::Repartition<double, D> pairs;
  const V ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const V ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto ab2 = hn::BitCast(pairs, ab), ce2 = hn::BitCast(pairs, ce);
  const V all = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, ab2, ce2)),
                        hn::BitCast(d, hn::InterleaveUpper(pairs, ab2, ce2)));
  const auto four = Quartet(d, all);
  hn::StoreU(four, hn::FixedTag<float, 4>(), out);
}
#endif

// R rows by all N columns, from row a on.
template <int R, int N>
HWY_INLINE void Rows(const float* HWY_RESTRICT a, std::int64_t lda, const float* HWY_RESTRICT b,
                     std::int64_t k, float (&out)[R][kMostColumns]) {
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
      const V column = hn::LoadU(d, b + j * kLanes);
      KERATIN_UNROLL
      for (int i = 0; i < R; ++i) sums[i][j] = hn::MulAdd(row[i], column, sums[i][j]);
    }
  };
  std::int64_t k0 = 0;
  for (; k0 + kLanes <= k; k0 += kLanes, a += kLanes, b += N * kLanes) {
    step([d](const float* p) HWY_ATTR { return hn::LoadU(d, p); });
  }
  if (k0 < k) step([d, k, k0](const float* p) HWY_ATTR { return simd::LoadN(d, p, k - k0); });
  KERATIN_UNROLL
  for (int i = 0; i < R; ++i) {
#if HWY_TARGET == HWY_SCALAR
    for (int j = 0; j < N; ++j) out[i][j] = hn::GetLane(sums[i][j]);
#else
    const V zero = hn::Zero(d);
    KERATIN_UNROLL
    for (int j = 0; j < N; j += 4) {
      Fold(sums[i][j], j + 1 < N ? sums[i][j + 1] : zero, j + 2 < N ? sums[i][j + 2] : zero,
           j + 3 < N ? sums[i][j + 3] : zero, out[i] + j);
    }
#endif
  }
}

struct Output {
  float* c;
  std::int64_t ldc;
  const float* bias;
  bool relu, accumulate;

  void Write(std::int64_t row, std::int64_t columns, const float* sums) const {
    float* const to = c + row * ldc;
    for (std::int64_t j = 0; j < columns; ++j) {
      float y = sums[j] + (bias != nullptr ? bias[j] : 0.0F);
      if (accumulate) y += to[j];
      to[j] = relu && y < 0 ? 0.0F : y;
    }
  }
};

template <int N>
void AllRows(const float* a, const GemmShape& s, const float* b, const Output& output,
             std::int64_t first, std::int64_t last) {
  std::int64_t row = first;
  for (; row + kRows <= last; row += kRows) {
    float sums[kRows][kMostColumns];
    Rows<kRows, N>(a + row * s.lda, s.lda, b, s.k, sums);
    for (int i = 0; i < kRows; ++i) output.Write(row + i, N, sums[i]);
  }
  for (; row < last; ++row) {
    float sums[1][kMostColumns];
    Rows<1, N>(a + row * s.lda, s.lda, b, s.k, sums);
    output.Write(row, N, sums[0]);
  }
}

template <int... kColumn>
auto AllRowsOf(std::int64_t columns, std::integer_sequence<int, kColumn...>) {
  using Fn = void (*)(const float*, const GemmShape&, const float*, const Output&, std::int64_t,
                      std::int64_t);
  static constexpr Fn kEach[] = {&AllRows<kColumn + 1>...};
  return kEach[columns - 1];
}

void Dot(const float* a, const GemmShape& s, const float* b, float* c, const Epilogue<float>& e,
         std::int64_t first, std::int64_t last) {
  const Output output{c, s.ldc, e.bias, e.activation == Activation::relu, s.accumulate};
  AllRowsOf(s.n, std::make_integer_sequence<int, kMostColumns>())(a, s, b, output, first, last);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace keratin::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace keratin::kernels::cpu {
HWY_EXPORT(PackedSize);
HWY_EXPORT(PackB);
HWY_EXPORT(Dot);

bool gemm_dot_applies(const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  return !s.trans_a && s.n >= 1 && s.n <= 12 && s.k >= 128 && s.m >= 8;
}

void gemm_dot(const float* a, const float* b, float* c, const Epilogue<float>& e,
              const GemmShape& shape) {
  const GemmShape s = merged_batch(shape);
  const std::int64_t grain = grain_for(s.n * s.k, 1 << 19);
  const FloatScratch packed(HWY_DYNAMIC_DISPATCH(PackedSize)(s));
  for (std::int64_t q = 0; q < s.batch; ++q) {
    if (q == 0 || s.stride_b != 0) {
      HWY_DYNAMIC_DISPATCH(PackB)(b + q * s.stride_b, s, packed.data());
    }
    const float* const a0 = a + q * s.stride_a;
    float* const c0 = c + q * s.stride_c;
    parallel_for(s.m, grain, [&](std::int64_t first, std::int64_t last) {
      HWY_DYNAMIC_DISPATCH(Dot)(a0, s, packed.data(), c0, e, first, last);
    });
  }
}

}  // namespace keratin::kernels::cpu
#endif
