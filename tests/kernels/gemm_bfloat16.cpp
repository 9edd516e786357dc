#include <algorithm>
#include <cstdlib>

#include "kernels/device_run.h"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/bfloat16_blocks.h"
#include "kernels/processor.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::kernels::emulated {
bool driver_makes_tensor_maps();  // kernels/cuda/tensor_map.cuh, compiled for the emulation
}

namespace keratin::tests {
namespace {

using kernels::Activation;
using kernels::BFloat16;
using kernels::Epilogue;
using kernels::gemm_shape;
using kernels::GemmShape;

std::int64_t extent(std::int64_t rows, std::int64_t columns, std::int64_t ld, std::int64_t batch,
                    std::int64_t stride) {
  if (rows == 0 || columns == 0 || batch == 0) return 0;
  return (batch - 1) * stride + (rows - 1) * ld + columns;
}

// Operands that bfloat16 holds exactly, so that the reference in double sees the same numbers. C
// has guards past its end and, where ldc > n, between its rows.
struct Problem {
  GemmShape shape;
  std::vector<double> a, b, c, bias;
  bool with_bias = false;
  Activation activation = Activation::linear;
};
constexpr std::int64_t kGuard = 64;

Problem problem(const GemmShape& s, std::uint64_t seed, bool with_bias, Activation activation) {
  const std::int64_t a = s.trans_a ? extent(s.k, s.m, s.lda, s.batch, s.stride_a)
                                   : extent(s.m, s.k, s.lda, s.batch, s.stride_a);
  const std::int64_t b = s.trans_b ? extent(s.n, s.k, s.ldb, s.batch, s.stride_b)
                                   : extent(s.k, s.n, s.ldb, s.batch, s.stride_b);
  const std::int64_t c = extent(s.m, s.n, s.ldc, s.batch, s.stride_c) + kGuard;
  return {.shape = s,
          .a = bfloat16_values(a, seed),
          .b = bfloat16_values(b, seed + 1),
          .c = s.accumulate ? bfloat16_values(c, seed + 2) : unwritten<double>(c),
          .bias = bfloat16_values(s.n, seed + 3),
          .with_bias = with_bias,
          .activation = activation};
}

std::vector<float> computed(kernels::GemmBFloat16Fn function, const Problem& p) {
  const auto a = to_bfloat16s(p.a), b = to_bfloat16s(p.b), bias = to_bfloat16s(p.bias);
  auto c = to_bfloat16s(p.c);
  function(a.data(), b.data(), c.data(), {p.with_bias ? bias.data() : nullptr, p.activation},
           p.shape);
  return to_floats(c);
}

std::vector<double> in_double(const Problem& p) {
  auto c = p.c;
  kernels::cpu::gemm_reference<double>(p.a.data(), p.b.data(), c.data(),
                                       {p.with_bias ? p.bias.data() : nullptr, p.activation},
                                       p.shape);
  return c;
}

// The sums' own errors, of float32 (see tests/kernels/gemm.cpp), then one rounding to bfloat16.
Tolerance tolerance(const GemmShape& s) {
  constexpr double kUnit = std::numeric_limits<float>::epsilon();
  return {.rel = kBFloat16Rounding + 4 * kUnit, .abs = 3 * kUnit * (8 + static_cast<double>(s.k))};
}

void check_all_rungs(const GemmShape& s, std::uint64_t seed, bool with_bias,
                     Activation activation) {
  const Problem p = problem(s, seed, with_bias, activation);
  const auto expected = in_double(p);
  CAPTURE(seed);
  for_each_rung(kernels::gemm_ladder<BFloat16>, s, [&](auto* function) {
    CHECK(difference(computed(function, p), expected, tolerance(s)) == "");
  });
}

void check_flags(std::int64_t m, std::int64_t n, std::int64_t k, std::uint64_t seed) {
  for (int flags = 0; flags < 8; ++flags) {
    GemmShape s = gemm_shape(m, n, k, flags & 1, flags & 2);
    s.accumulate = flags & 4;
    check_all_rungs(s, seed + static_cast<std::uint64_t>(flags), flags % 3 == 0,
                    flags % 2 == 0 ? Activation::linear : Activation::relu);
  }
}

}  // namespace

TEST_CASE("gemm of bfloat16: every rung, sizes around the tile, all transposes") {
  for (const std::int64_t m : {1, 13, 14, 15, 16, 17, 31, 32, 33, 65}) {
    for (const std::int64_t n : {1, 7, 15, 16, 17, 31, 32, 33, 65}) {
      for (const std::int64_t k : {1, 2, 31, 32, 33, 67}) check_flags(m, n, k, 7);
    }
  }
}

TEST_CASE("gemm of bfloat16: sizes of 0") {
  check_flags(0, 5, 3, 1);
  check_flags(5, 0, 3, 2);
  check_flags(5, 19, 0, 3);  // C = epilogue of nothing
  GemmShape s = gemm_shape(3, 4, 5);
  s.batch = 0;
  check_all_rungs(s, 5, false, Activation::linear);
}

TEST_CASE("gemm of bfloat16: several blocks of rows, columns and k") {
  check_flags(150, 517, 700, 21);
  check_flags(257, 300, 1056, 22);
  check_flags(33, 2600, 2100, 23);  // more of B than is packed at a time
  check_flags(257, 136, 20, 24);    // large tiles of a GPU
}

TEST_CASE("gemm of bfloat16: parts of wider matrices, batches, random shapes") {
  std::mt19937_64 random(5);
  const auto up_to = [&](std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
  };
  for (std::uint64_t round = 0; round < 300; ++round) {
    GemmShape s = gemm_shape(1 + up_to(70), 1 + up_to(80), up_to(100), up_to(1), up_to(1));
    s.accumulate = up_to(1);
    s.lda += up_to(5);
    s.ldb += up_to(5);
    s.ldc += up_to(5);
    s.batch = 1 + up_to(3);
    s.stride_a = up_to(3) == 0 ? 0 : (s.trans_a ? s.k : s.m) * s.lda + up_to(3);
    s.stride_b = up_to(2) == 0 ? 0 : (s.trans_b ? s.n : s.k) * s.ldb + up_to(3);
    s.stride_c = s.m * s.ldc + up_to(3) * up_to(1);
    check_all_rungs(s, 1000 + round, up_to(1), up_to(1) ? Activation::relu : Activation::linear);
  }
}

TEST_CASE("gemm of bfloat16: rows 16 bytes apart, as TMA takes them") {
  struct Sizes {
    std::int64_t m, n, k, batch = 1;
    bool shared = false;
  };
  const auto up = [](std::int64_t size) { return (size + 7) / 8 * 8; };
  // More tiles than the emulated GPU has multiprocessors; stages that come round several times.
  for (const Sizes& size : {Sizes{1, 3, 1}, Sizes{129, 1, 65}, Sizes{63, 127, 64},
                            Sizes{65, 130, 200}, Sizes{20, 24, 1100}, Sizes{300, 530, 9},
                            Sizes{70, 72, 70, 3, true}, Sizes{12, 136, 90, 6}}) {
    for (int flags = 0; flags < 8; ++flags) {
      GemmShape s = gemm_shape(size.m, size.n, size.k, flags & 1, flags & 2);
      s.accumulate = flags & 4;
      s.lda = up(s.lda) + (flags % 3 == 0 ? 8 : 0);
      s.ldb = up(s.ldb);
      s.ldc = flags % 2 == 0 ? up(s.ldc) : s.ldc + 1;
      s.batch = size.batch;
      s.stride_a = (s.trans_a ? s.k : s.m) * s.lda;
      s.stride_b = size.shared ? 0 : (s.trans_b ? s.n : s.k) * s.ldb;
      s.stride_c = s.m * s.ldc;
      check_all_rungs(s, 40 + static_cast<std::uint64_t>(flags), flags % 4 != 1,
                      flags % 2 == 0 ? Activation::relu : Activation::linear);
    }
  }
}

TEST_CASE("gemm of bfloat16: wgmma where operands begin at no multiple of 16 bytes") {
  const GemmShape s = gemm_shape(70, 24, 40);
  const Problem p = problem(s, 9, true, Activation::relu);
  const auto expected = in_double(p);
  with_emulated_rung(kernels::gemm_ladder<BFloat16>, "wgmma", [&](auto* function) {
    const auto bias = to_bfloat16s(p.bias);
    for (const bool of_a : {true, false}) {
      auto a = to_bfloat16s(p.a), b = to_bfloat16s(p.b), c = to_bfloat16s(p.c);
      auto& moved = of_a ? a : b;
      moved.insert(moved.begin(), BFloat16{});
      function(a.data() + of_a, b.data() + !of_a, c.data(), {bias.data(), p.activation}, s);
      CHECK(difference(to_floats(c), expected, tolerance(s)) == "");
    }
  });
}

TEST_CASE("gemm of bfloat16: wgmma is for compute capability 9.0 and rows 16 bytes apart" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const auto taken = [](const GemmShape& s) {
    return std::string(
        kernels::detail::pick_on_device(emulated_gpu().stream(0), kernels::gemm_ladder<BFloat16>, s)
            .name);
  };
  const GemmShape even = gemm_shape(256, 256, 256);
  CHECK(taken(even) == "mma");  // until a GPU has timed it
  kernels::set_kernel_choice("gemm_bfloat16=wgmma");
  CHECK(taken(even) == "wgmma");
  CHECK(taken(gemm_shape(256, 256, 0)) == "mma");
  CHECK(taken(gemm_shape(256, 256, 100)) == "mma");
  CHECK(taken(gemm_shape(256, 250, 256)) == "mma");
  GemmShape batch = even;
  batch.batch = 2;
  batch.stride_a = 256 * 256, batch.stride_b = 0, batch.stride_c = 256 * 256;
  CHECK(taken(batch) == "wgmma");
  batch.stride_a += 8;
  CHECK(taken(batch) == "mma");
  for (const auto& [major, minor] : {std::pair(8, 0), std::pair(8, 9), std::pair(10, 0)}) {
    cuda_emulation::set_machine({.major = major, .minor = minor});
    CHECK(taken(even) == "mma");
  }
  cuda_emulation::set_machine({.tensor_maps = false});
  CHECK_FALSE(kernels::emulated::driver_makes_tensor_maps());
  cuda_emulation::set_machine({});
  CHECK(kernels::emulated::driver_makes_tensor_maps());
  const char* const before = std::getenv("KERATIN_KERNEL");
  kernels::set_kernel_choice(before == nullptr ? "" : before);
}

TEST_CASE("gemm of bfloat16: products are exact, sums of float32 are rounded once") {
  // 3 x 85.5 + 1/2 + 1/2 + 1 = 258.5, where steps are of 2. Rounded on the way, 256.5 would be 256,
  // and so would each sum after it.
  const GemmShape s = gemm_shape(1, 1, 4);
  Problem p = problem(s, 1, false, Activation::linear);
  p.a = {3, 1, 1, 1};
  p.b = {85.5, 0.5, 0.5, 1};
  for_each_rung(kernels::gemm_ladder<BFloat16>, s,
                [&](auto* function) { CHECK(computed(function, p)[0] == 258); });
}

TEST_CASE("gemm of bfloat16: infinities and NaN go through, relu included") {
  const GemmShape s = gemm_shape(4, 18, 3);
  Problem p = problem(s, 1, false, Activation::relu);
  p.a.assign(p.a.size(), 1);
  p.b.assign(p.b.size(), 1);
  p.a[1] = kNaN, p.a[4] = kInf, p.a[7] = -kInf;
  for_each_rung(kernels::gemm_ladder<BFloat16>, s, [&](auto* function) {
    const auto c = computed(function, p);
    for (const std::size_t j : {0, 16, 17}) {
      CHECK(std::isnan(c[j]));
      CHECK(c[18 + j] == kInf);
      CHECK(c[36 + j] == 0);
      CHECK(c[54 + j] == 3);
    }
  });
}

TEST_CASE("gemm of bfloat16: numbers under 2^-126 count as themselves or as 0, neighbours do not") {
  const GemmShape s = gemm_shape(2, 2, 2);
  Problem p = problem(s, 1, false, Activation::linear);
  const double tiny = std::ldexp(1.0, -130), least = std::ldexp(1.0, -126);
  p.a = {tiny, 0, least, 1};
  p.b = {1, 4, 0, 2};
  for_each_rung(kernels::gemm_ladder<BFloat16>, s, [&](auto* function) {
    const auto c = computed(function, p);
    CHECK((c[0] == 0 || c[0] == tiny));
    CHECK((c[1] == 0 || c[1] == 4 * tiny));
    CHECK(c[2] == least);
    CHECK(c[3] == 2);
  });
}

TEST_CASE("gemm of bfloat16: the same bits on any number of threads") {
  for (const auto& s : {gemm_shape(300, 300, 700), gemm_shape(260, 1100, 600, true, true),
                        gemm_shape(784, 10, 64, true), gemm_shape(64, 513, 300, false, true)}) {
    const Problem p = problem(s, 3, true, Activation::relu);
    for_each_rung(kernels::gemm_ladder<BFloat16>, s, [&](auto* function) {
      if (function == kernels::cpu::gemm_bfloat16_reference) return;
      check_same_bits_on_all_threads([&] { return computed(function, p); });
    });
  }
}

TEST_CASE("gemm of bfloat16: cost") {
  CHECK(kernels::gemm_ladder<BFloat16>.cost(gemm_shape(2, 3, 4)).bytes == 2 * (8 + 12 + 6));
  CHECK(kernels::gemm_ladder<BFloat16>.cost(gemm_shape(2, 3, 4)).flops == 48);
}

TEST_CASE("gemm of bfloat16: the best blocks are the last rung's") {
  const auto blocks = kernels::cpu::best_bfloat16_blocks();
  const std::string rung =
      kernels::pick(kernels::gemm_ladder<BFloat16>, gemm_shape(64, 64, 64)).name;
  if (rung == "reference") return;  // chosen by hand
  CHECK((rung == "widened") == (blocks.element == 4));
  CHECK((rung == "amx") == (blocks.rows == 32));
}

}  // namespace keratin::tests
