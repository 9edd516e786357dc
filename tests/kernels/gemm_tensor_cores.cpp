// The rungs of the matrix product that run on tensor cores: how exact they are, how they read shared
// memory, and when they are taken.
#include <algorithm>
#include <cstdlib>

#include "kernels/device_run.h"
#include "kernels/gemm/bfloat16.h"
#include "kernels/gemm/gemm.h"
#include "tests/cuda_emulation/engine.h"
#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::gemm_shape;
using kernels::GemmShape;

// C = op(A) op(B), each element's error in units of the sum of |a b| that went into it.
struct Errors {
  double most = 0, rms = 0, mean = 0;
};
Errors errors(const std::string& rung, const GemmShape& s, bool positive) {
  auto a = normal_values<float>(s.m * s.k, 1), b = normal_values<float>(s.k * s.n, 2);
  const auto magnitudes = [](std::vector<float> x) {
    for (float& value : x) value = std::fabs(value);
    return x;
  };
  if (positive) a = magnitudes(a), b = magnitudes(b);
  const auto in_double = [&](const std::vector<float>& left, const std::vector<float>& right) {
    auto c = unwritten<double>(s.m * s.n);
    kernels::cpu::gemm_reference<double>(converted<double>(left).data(),
                                         converted<double>(right).data(), c.data(), {}, s);
    return c;
  };
  const auto expected = in_double(a, b), size = in_double(magnitudes(a), magnitudes(b));
  auto c = unwritten<float>(s.m * s.n);
  with_emulated_rung(kernels::gemm_ladder<float>, rung,
                     [&](auto* f) { f(a.data(), b.data(), c.data(), {}, s); });
  Errors all;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const double error = (c[i] - expected[i]) / size[i];
    all.most = std::isnan(error) ? kInf : std::max(all.most, std::fabs(error));
    all.rms += error * error / static_cast<double>(c.size());
    all.mean += error / static_cast<double>(c.size());
  }
  all.rms = std::sqrt(all.rms);
  return all;
}

double sums_of_float32(double terms) { return terms * std::ldexp(1.0, -24); }

}  // namespace

TEST_CASE("gemm on tensor cores: 3xTF32 is as exact as float32") {
  for (const bool positive : {false, true}) {
    for (const std::int64_t k : {3, 64, 300}) {
      const GemmShape s = gemm_shape(40, 37, k, false, positive);
      const Errors split = errors("tf32x3", s, positive), plain = errors("registers", s, positive);
      CAPTURE(k);
      CHECK(split.most <= 3 * std::ldexp(1.0, -22) + sums_of_float32(3.0 * static_cast<double>(k)));
      CHECK(split.rms <= 2 * plain.rms + 2e-8);
    }
  }
}

TEST_CASE("gemm on tensor cores: TF32 rounds operands to 11 digits, to nearest") {
  const GemmShape s = gemm_shape(40, 37, 100);
  for (const bool positive : {false, true}) {
    const Errors one = errors("tf32", s, positive);
    CHECK(one.most <= std::ldexp(1.0, -10) + std::ldexp(1.0, -22) + sums_of_float32(100));
    CHECK(one.rms > 1e-6);  // not float32 by another name
    // Cut off instead of rounded, positive operands would lose 2^-12 each on average.
    CHECK(std::fabs(one.mean) <= 2e-5);
  }
}

TEST_CASE("gemm on tensor cores: TF32, all transposes, ragged edges, batches, both tiles") {
  const auto check = [](GemmShape s, std::uint64_t seed) {
    const std::int64_t c_size = s.batch * s.m * s.n;
    const auto a = normal_values<float>(std::max<std::int64_t>(s.batch * s.m * s.k, 1), seed);
    const auto b = normal_values<float>(std::max<std::int64_t>(s.batch * s.k * s.n, 1), seed + 1);
    const auto bias = normal_values<float>(s.n, seed + 2);
    s.stride_a = s.m * s.k, s.stride_b = s.k * s.n, s.stride_c = s.m * s.n;
    const auto before = normal_values<float>(c_size, seed + 3);
    auto expected = converted<double>(before);
    kernels::cpu::gemm_reference<double>(
        converted<double>(a).data(), converted<double>(b).data(), expected.data(),
        {converted<double>(bias).data(), kernels::Activation::relu}, s);
    for_each_emulated_rung(
        kernels::gemm_ladder<float>, s,
        [&](auto* function) {
          auto c = before;
          c.push_back(7);  // a guard
          function(a.data(), b.data(), c.data(), {bias.data(), kernels::Activation::relu}, s);
          CHECK(c.back() == 7);
          c.pop_back();
          // Of k products near 1 each off by up to 2^-10, as often up as down.
          // Among many sums some have products of 10 and more.
          const double off =
              (c_size < 100000 ? 2e-3 : 6e-3) * (1 + std::sqrt(static_cast<double>(s.k)));
          CHECK(difference(c, expected, {.rel = 1e-6, .abs = off}) == "");
        },
        Emulated::tf32);
  };
  std::uint64_t seed = 10;
  for (int flags = 0; flags < 8; ++flags) {
    for (const std::int64_t m : {1, 17, 65}) {
      for (const std::int64_t n : {1, 10, 66}) {
        for (const std::int64_t k : {0, 1, 18, 68}) {
          GemmShape s = gemm_shape(m, n, k, flags & 1, flags & 2);
          s.accumulate = flags & 4;
          check(s, ++seed);
        }
      }
    }
    GemmShape s = gemm_shape(257, 132, 20, flags & 1, flags & 2);
    s.accumulate = flags & 4;
    check(s, ++seed);  // 128 x 128
    s = gemm_shape(300, 530, 12, flags & 1, flags & 2);
    s.accumulate = flags & 4;
    check(s, 500 + static_cast<std::uint64_t>(flags));  // 128 x 256, more than multiprocessors
    s = gemm_shape(20, 24, 36, flags & 1, flags & 2);
    s.batch = 3;
    check(s, ++seed);
  }
}

TEST_CASE("gemm on tensor cores: no bank conflicts in any layout and tile") {
  cuda_emulation::take_bank_conflicts(true);
  for (const bool trans_a : {false, true}) {
    for (const bool trans_b : {false, true}) {
      CAPTURE(trans_a);
      CAPTURE(trans_b);
      for (const GemmShape& s :
           {gemm_shape(64, 64, 64, trans_a, trans_b), gemm_shape(256, 256, 32, trans_a, trans_b)}) {
        const std::vector<float> a(static_cast<std::size_t>(s.m * s.k), 1),
            b(static_cast<std::size_t>(s.k * s.n), 1);
        auto c = unwritten<float>(s.m * s.n);
        for (const char* rung : {"tf32", "tf32x3"}) {
          with_emulated_rung(kernels::gemm_ladder<float>, rung,
                             [&](auto* f) { f(a.data(), b.data(), c.data(), {}, s); });
          CHECK(cuda_emulation::take_bank_conflicts(true) == 0);
        }
        const std::vector<kernels::BFloat16> a16(a.size(), kernels::to_bfloat16(1)),
            b16(b.size(), kernels::to_bfloat16(1));
        std::vector<kernels::BFloat16> c16(c.size());
        with_emulated_rung(kernels::gemm_ladder<kernels::BFloat16>, "mma",
                           [&](auto* f) { f(a16.data(), b16.data(), c16.data(), {}, s); });
        CHECK(cuda_emulation::take_bank_conflicts(true) == 0);
        CHECK(kernels::to_float(c16.back()) == static_cast<float>(s.k));
      }
    }
  }
  cuda_emulation::take_bank_conflicts(false);
}

TEST_CASE("gemm on tensor cores: float32 takes TF32 only where it is asked for") {
  const WithEmulatedGpu gpu;
  const GemmShape s = gemm_shape(256, 256, 256);
  const auto taken = [&] {
    return std::string(
        kernels::detail::pick_on_device(emulated_gpu().stream(0), kernels::gemm_ladder<float>, s)
            .name);
  };
  CHECK_FALSE(kernels::allow_tf32());
  CHECK(taken() == "async");
  kernels::set_allow_tf32(true);
  CHECK(taken() == "tf32");
  kernels::set_kernel_choice("gemm=registers");
  CHECK(taken() == "registers");
  kernels::set_allow_tf32(false);
  kernels::set_kernel_choice("");
  CHECK(taken() == "async");
  for (const std::string rung : {"tf32", "tf32x3"}) {
    kernels::set_kernel_choice("gemm=" + rung);
    CHECK(taken() == rung);
  }
  kernels::set_kernel_choice("gemm=tf32_wgmma");
  CHECK(taken() == "async");  // B lies across k
  const char* const before = std::getenv("KERATIN_KERNEL");
  kernels::set_kernel_choice(before == nullptr ? "" : before);
}

}  // namespace keratin::tests
