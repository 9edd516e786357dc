#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/error.h"
#include "kernels/parallel.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Activation;
using kernels::Epilogue;
using kernels::gemm_shape;
using kernels::GemmShape;

// What an operand takes up, from its first element to its last.
std::int64_t extent(std::int64_t rows, std::int64_t columns, std::int64_t ld, std::int64_t batch,
                    std::int64_t stride) {
  if (rows == 0 || columns == 0 || batch == 0) return 0;
  return (batch - 1) * stride + (rows - 1) * ld + columns;
}
std::int64_t extent_a(const GemmShape& s) {
  return s.trans_a ? extent(s.k, s.m, s.lda, s.batch, s.stride_a)
                   : extent(s.m, s.k, s.lda, s.batch, s.stride_a);
}
std::int64_t extent_b(const GemmShape& s) {
  return s.trans_b ? extent(s.n, s.k, s.ldb, s.batch, s.stride_b)
                   : extent(s.k, s.n, s.ldb, s.batch, s.stride_b);
}

// All numbers of one product. C has guards past its end and, where ldc > n, between its rows.
struct Problem {
  GemmShape shape;
  std::vector<double> a, b, c, bias;
  bool with_bias = false;
  Activation activation = Activation::linear;
};
constexpr std::int64_t kGuard = 64;

Problem problem(const GemmShape& s, std::uint64_t seed, bool with_bias, Activation activation) {
  // Values that float holds exactly, so that the double reference sees the same numbers.
  const auto values = [](std::int64_t count, std::uint64_t with) {
    return converted<double>(normal_values<float>(count, with));
  };
  const std::int64_t c = extent(s.m, s.n, s.ldc, s.batch, s.stride_c) + kGuard;
  return {.shape = s,
          .a = values(extent_a(s), seed),
          .b = values(extent_b(s), seed + 1),
          .c = s.accumulate ? values(c, seed + 2) : unwritten<double>(c),
          .bias = values(s.n, seed + 3),
          .with_bias = with_bias,
          .activation = activation};
}

template <class T>
std::vector<T> computed(kernels::GemmFn<T> function, const Problem& p) {
  const auto a = converted<T>(p.a), b = converted<T>(p.b), bias = converted<T>(p.bias);
  auto c = converted<T>(p.c);
  const Epilogue<T> epilogue{.bias = p.with_bias ? bias.data() : nullptr,
                             .activation = p.activation};
  function(a.data(), b.data(), c.data(), epilogue, p.shape);
  return c;
}

// A running sum of k terms of size 1 grows like sqrt(k), and its rounding errors like 0.2 k units;
// the worst of a million elements is some ten times that.
Tolerance tolerance(const GemmShape& s, double unit) {
  return {.rel = 4 * unit, .abs = 3 * unit * (8 + static_cast<double>(s.k))};
}

template <class T>
void check_all_rungs(const GemmShape& s, std::uint64_t seed, bool with_bias,
                     Activation activation) {
  const Problem p = problem(s, seed, with_bias, activation);
  const auto expected = computed<double>(kernels::cpu::gemm_reference<double>, p);
  CAPTURE(seed);
  for_each_rung(kernels::gemm_ladder<T>, s, [&](auto* function) {
    CHECK(difference(computed<T>(function, p), expected,
                     tolerance(s, std::numeric_limits<T>::epsilon())) == "");
  });
}

template <class T>
void check_flags(std::int64_t m, std::int64_t n, std::int64_t k, std::uint64_t seed) {
  for (int flags = 0; flags < 8; ++flags) {
    GemmShape s = gemm_shape(m, n, k, flags & 1, flags & 2);
    s.accumulate = flags & 4;
    check_all_rungs<T>(s, seed + static_cast<std::uint64_t>(flags), flags % 3 == 0,
                       flags % 2 == 0 ? Activation::linear : Activation::relu);
  }
}

}  // namespace

TEST_CASE("gemm: every rung, sizes around the tile, all transposes") {
  for (const std::int64_t m : {1, 5, 6, 7, 13, 14, 15, 29}) {
    for (const std::int64_t n : {1, 3, 8, 10, 15, 16, 17, 31, 32, 33, 65}) {
      for (const std::int64_t k : {1, 4, 19}) check_flags<float>(m, n, k, 7);
    }
  }
  for (std::int64_t m = 1; m <= 9; ++m) check_flags<float>(m, 150, 70, 7);  // few rows
  for (std::int64_t n = 1; n <= 9; ++n) check_flags<float>(70, n, 70, 7);   // few columns
  for (const std::int64_t m : {1, 7, 33}) check_flags<double>(m, 10, 5, 11);
}

TEST_CASE("gemm: sizes of 0") {
  check_flags<float>(0, 5, 3, 1);
  check_flags<float>(5, 0, 3, 2);
  check_flags<float>(5, 19, 0, 3);  // C = epilogue of nothing
  check_flags<double>(5, 19, 0, 4);
  GemmShape s = gemm_shape(3, 4, 5);
  s.batch = 0;
  check_all_rungs<float>(s, 5, false, Activation::linear);
}

TEST_CASE("gemm: large products, several blocks of rows, columns and k") {
  check_flags<float>(150, 517, 700, 21);
  check_flags<float>(257, 260, 256, 22);
  check_flags<float>(128, 4200, 131, 23);  // more columns than are packed at a time
  check_flags<double>(130, 140, 150, 24);
  // Few rows by a B beyond the caches; A as it lies, and its rows 4 KiB apart.
  check_flags<float>(10, 1100, 500, 26);
  check_flags<float>(30, 530, 1024, 27);
  check_flags<float>(257, 132, 20, 25);  // large tiles of a GPU
  check_flags<float>(75, 10, 300, 28);   // few columns, several blocks of k
  check_flags<float>(2100, 3, 140, 30);  // ... and of rows
  check_flags<float>(70, 75, 12, 29);    // a small k
}

TEST_CASE("gemm: parts of wider matrices, batches, random shapes") {
  std::mt19937_64 random(5);
  const auto up_to = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  for (std::uint64_t round = 0; round < 300; ++round) {
    GemmShape s = gemm_shape(1 + up_to(40), 1 + up_to(80), up_to(60), up_to(1), up_to(1));
    s.accumulate = up_to(1);
    s.lda += up_to(5);
    s.ldb += up_to(5);
    s.ldc += up_to(5);
    s.batch = 1 + up_to(3);
    s.stride_a = up_to(3) == 0 ? 0 : (s.trans_a ? s.k : s.m) * s.lda + up_to(3);
    s.stride_b = up_to(2) == 0 ? 0 : (s.trans_b ? s.n : s.k) * s.ldb + up_to(3);
    s.stride_c = s.m * s.ldc + up_to(3) * up_to(1);
    check_all_rungs<float>(s, 1000 + round, up_to(1),
                           up_to(1) ? Activation::relu : Activation::linear);
  }
  GemmShape s = gemm_shape(100, 150, 300);  // 3 of them: one large product
  s.batch = 3;
  s.stride_a = s.m * s.lda;
  s.stride_c = s.m * s.ldc;
  CHECK(kernels::merged_batch(s).m == 300);
  check_all_rungs<float>(s, 31, true, Activation::relu);
  s.trans_a = true;
  s.lda = s.m;
  CHECK(kernels::merged_batch(s).m == 100);
  check_all_rungs<float>(s, 32, true, Activation::relu);
}

TEST_CASE("gemm: infinities and NaN go through, relu included") {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const GemmShape s = gemm_shape(4, 18, 3);
  std::vector<float> a(12, 1), b(54, 1);
  a[1] = kNaN, a[4] = kInf, a[7] = -kInf;
  for (const auto& rung : kernels::gemm_ladder<float>.rungs) {
    if (!rung.applies(s)) continue;
    CAPTURE(std::string(rung.name));
    auto c = unwritten(72);
    rung.function(a.data(), b.data(), c.data(), {.bias = nullptr, .activation = Activation::relu},
                  s);
    for (const std::size_t j : {0, 16, 17}) {
      CHECK(std::isnan(c[j]));
      CHECK(c[18 + j] == kInf);
      CHECK(c[36 + j] == 0);
      CHECK(c[54 + j] == 3);
    }
  }
}

TEST_CASE("gemm: the same bits on any number of threads") {
  const int before = kernels::thread_count();
  for (const auto& s : {gemm_shape(300, 300, 300), gemm_shape(260, 1100, 600, true, true),
                        gemm_shape(784, 10, 64, true), gemm_shape(64, 513, 300, false, true),
                        gemm_shape(20, 1200, 500)}) {
    const Problem p = problem(s, 3, true, Activation::relu);
    for (const auto& rung : kernels::gemm_ladder<float>.rungs) {
      if (!rung.applies(s) || rung.name == std::string("reference")) continue;
      CAPTURE(std::string(rung.name));
      std::vector<std::vector<float>> results;
      for (const int threads : {1, 2, 4}) {
        kernels::set_thread_count(threads);
        auto c = computed<float>(rung.function, p);
        c.resize(c.size() - kGuard);  // NaN is no equal of itself
        results.push_back(std::move(c));
      }
      CHECK(results[0] == results[1]);
      CHECK(results[0] == results[2]);
    }
  }
  kernels::set_thread_count(before);
}

TEST_CASE("gemm: cost and text") {
  GemmShape s = gemm_shape(2, 3, 4, true);
  CHECK(s.text() == "[2, 3, 4] tn");
  CHECK(kernels::gemm_cost<float>(s).flops == 48);
  CHECK(kernels::gemm_cost<double>(s).bytes == 8 * (8 + 12 + 6));
  s.accumulate = true;
  s.batch = 5;
  s.stride_b = 12;
  s.stride_c = 6;
  CHECK(s.text() == "[2, 3, 4] tn += x5");
  CHECK(kernels::gemm_cost<float>(s).flops == 240);
  CHECK(kernels::gemm_cost<float>(s).bytes == 4 * (8 + 60 + 60));
}

}  // namespace keratin::tests
