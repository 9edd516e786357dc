#include "kernels/random/random.h"

#include <algorithm>
#include <array>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Distribution;
using kernels::philox;
using kernels::RandomShape;

template <class T>
std::vector<T> filled(kernels::RandomFn<T> function, const RandomShape& s) {
  auto y = unwritten<T>(s.size + 1);
  y.back() = -77;
  function(y.data(), s);
  CHECK(y.back() == -77);
  y.resize(y.size() - 1);
  return y;
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0, least = 1e300, most = -1e300;
};
template <class T>
Moments moments(const std::vector<T>& x) {
  Moments m;
  const auto n = static_cast<double>(x.size());
  for (const T v : x) {
    m.mean += static_cast<double>(v) / n;
    m.least = std::min(m.least, static_cast<double>(v));
    m.most = std::max(m.most, static_cast<double>(v));
  }
  double third = 0, fourth = 0;
  for (const T v : x) {
    const double d = static_cast<double>(v) - m.mean;
    m.variance += d * d / n;
    third += d * d * d / n;
    fourth += d * d * d * d / n;
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  m.kurtosis = fourth / (m.variance * m.variance);
  return m;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// The largest distance of the sample's distribution function from `cdf`, times sqrt(n): above 1.95
// once in a thousand samples (Kolmogorov).
template <class T, class F>
double kolmogorov(std::vector<T> x, F cdf) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(static_cast<double>(x[i])), below = static_cast<double>(i) / n;
    worst = std::max({worst, p - below, below + 1 / n - p});
  }
  return worst * std::sqrt(n);
}

constexpr std::int64_t kMany = 200'000;

template <class F>
void for_each_fill(RandomShape s, F check) {
  for_each_rung(kernels::random_ladder<float>, s,
                [&](auto* function) { check(filled<float>(function, s)); });
  for_each_rung(kernels::random_ladder<double>, s,
                [&](auto* function) { check(filled<double>(function, s)); });
}

}  // namespace

// The known answers that Random123 publishes for philox4x32-10.
TEST_CASE("philox: known answers") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox({.seed = 0, .stream = 0}, 0) ==
        Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  CHECK(philox({.seed = kOnes, .stream = kOnes}, kOnes) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // Words of a counter and a key come low word first: digits of pi.
  CHECK(philox({.seed = 0x299f31d0a4093822, .stream = 0x0370734413198a2e}, 0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox: words as numbers in [0, 1)") {
  CHECK(kernels::unit_float(0) == 0);
  CHECK(kernels::unit_float(0xffffffff) == 1 - 0x1p-24f);
  CHECK(kernels::unit_float(0x80000000) == 0.5f);
  CHECK(kernels::unit_double(0, 0) == 0);
  CHECK(kernels::unit_double(0xffffffff, 0xffffffff) == 1 - 0x1p-53);
  CHECK(kernels::unit_double(0x80000000, 0) == 0.5);
}

TEST_CASE("random: element i of a uniform fill is word i of the stream, whatever the size") {
  const kernels::PhiloxKey key{.seed = 42, .stream = 7};
  for (const std::int64_t size : kSizes) {
    const RandomShape s{Distribution::uniform, size, key};
    for_each_rung(kernels::random_ladder<float>, s, [&](auto* function) {
      std::vector<float> expected;
      for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(size); ++i)
        expected.push_back(kernels::unit_float(philox(key, i / 4)[i % 4]));
      CHECK(same_bits(filled<float>(function, s), expected));
    });
  }
}

TEST_CASE("random: every rung draws the same numbers, on any number of threads") {
  for (const Distribution distribution :
       {Distribution::uniform, Distribution::normal, Distribution::truncated_normal}) {
    const RandomShape s{distribution, 50'003, {.seed = 5, .stream = 1}, -0.3, 0.7};
    const auto expected = filled<float>(kernels::cpu::random_reference<float>, s);
    for_each_rung(kernels::random_ladder<float>, s, [&](auto* function) {
      CHECK(difference(filled<float>(function, s), expected, {.rel = 1.2e-7, .abs = 1e-8}) == "");
      check_same_bits_on_all_threads([&] { return filled<float>(function, s); });
    });
    const auto wide = filled<double>(kernels::cpu::random_reference<double>, s);
    for_each_rung(kernels::random_ladder<double>, s, [&](auto* function) {
      CHECK(difference(filled<double>(function, s), wide, {.rel = 1e-14, .abs = 1e-15}) == "");
      check_same_bits_on_all_threads([&] { return filled<double>(function, s); });
    });
    RandomShape shorter = s;
    shorter.size = 777;
    auto first = expected;
    first.resize(777);
    CHECK(same_bits(filled<float>(kernels::cpu::random_reference<float>, shorter), first));
  }
}

TEST_CASE("random: uniform numbers: range, moments, distribution") {
  for (const auto& range : {std::pair{0.0, 1.0}, {-0.3, 0.7}, {5.0, 5.5}, {-1e30, 1e30}}) {
    const double low = range.first, high = range.second;
    for_each_fill({Distribution::uniform, kMany, {.seed = 11}, low, high}, [&](const auto& x) {
      const Moments m = moments(x);
      const double width = high - low;
      CHECK(m.least >= low);
      CHECK(m.most < high);
      CHECK(m.least < low + width * 1e-4);
      CHECK(m.most > high - width * 1e-4);
      CHECK(std::fabs(m.mean - (low + high) / 2) < 0.002 * width);
      CHECK(std::fabs(m.variance - width * width / 12) < 0.0005 * width * width);
      CHECK(kolmogorov(x, [&](double v) { return (v - low) / width; }) < 1.95);
    });
  }
}

TEST_CASE("random: the upper end is never reached, however narrow the range") {
  const double next = static_cast<double>(std::nextafter(1.0f, 2.0f));
  for_each_rung(kernels::random_ladder<float>, {Distribution::uniform, 1, {}}, [&](auto* function) {
    for (const double high : {next, 1 + (next - 1) / 2, 1 + 3 * (next - 1)}) {
      const auto x = filled<float>(function, {Distribution::uniform, 1000, {.seed = 3}, 1, high});
      CHECK(*std::min_element(x.begin(), x.end()) == 1);
      CHECK(static_cast<double>(*std::max_element(x.begin(), x.end())) < high);
    }
    const auto same = filled<float>(function, {Distribution::uniform, 100, {.seed = 3}, 0.1, 0.1});
    CHECK(std::count(same.begin(), same.end(), 0.1f) == 100);
  });
}

TEST_CASE("random: normal numbers: moments and distribution") {
  for_each_fill({Distribution::normal, kMany, {.seed = 12, .stream = 3}}, [](const auto& x) {
    const Moments m = moments(x);
    CHECK(std::fabs(m.mean) < 0.008);
    CHECK(std::fabs(m.variance - 1) < 0.01);
    CHECK(std::fabs(m.skewness) < 0.02);
    CHECK(std::fabs(m.kurtosis - 3) < 0.04);
    CHECK(m.most > 3.9);
    CHECK(m.least < -3.9);
    CHECK(kolmogorov(x, normal_cdf) < 1.95);
  });
}

TEST_CASE("random: truncated normal numbers end at 2, with the tails' mass spread over the rest") {
  const double inside = normal_cdf(2) - normal_cdf(-2);
  const double density = std::exp(-2.0) / std::sqrt(2 * 3.14159265358979324);
  const double variance = 1 - 4 * density / inside;
  for_each_fill({Distribution::truncated_normal, kMany, {.seed = 13}}, [&](const auto& x) {
    const Moments m = moments(x);
    CHECK(m.least >= -2);
    CHECK(m.most <= 2);
    CHECK(m.least < -1.99);
    CHECK(m.most > 1.99);
    CHECK(std::fabs(m.mean) < 0.008);
    CHECK(std::fabs(m.variance - variance) < 0.008);
    CHECK(kolmogorov(x, [&](double v) { return (normal_cdf(v) - normal_cdf(-2)) / inside; }) <
          1.95);
  });
}

TEST_CASE("random: other seeds, streams and places have nothing in common") {
  const auto at = [](std::uint64_t seed, std::uint64_t stream) {
    return filled<float>(kernels::cpu::random_reference<float>,
                         {Distribution::normal, 20'000, {.seed = seed, .stream = stream}});
  };
  const auto correlation = [](const std::vector<float>& a, const std::vector<float>& b,
                              std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < a.size(); ++i)
      sum += static_cast<double>(a[i]) * static_cast<double>(b[i + lag]);
    return std::fabs(sum) / std::sqrt(static_cast<double>(a.size()));  // normal, variance 1
  };
  const auto x = at(1, 0);
  for (const auto& other : {at(2, 0), at(1, 1), at(1, std::uint64_t{1} << 32), at(0, 1),
                            at(std::uint64_t{1} << 32, 0)}) {
    for (const std::size_t lag : {0, 1, 2, 3, 4}) CHECK(correlation(x, other, lag) < 4);
  }
  for (const std::size_t lag : {1, 2, 3, 4, 8, 16, 64}) CHECK(correlation(x, x, lag) < 4);
}

TEST_CASE("random: cost and text") {
  const RandomShape s{Distribution::truncated_normal, 1000, {}};
  CHECK(s.text() == "truncated_normal [1000]");
  CHECK(kernels::random_cost<float>(s).bytes == 4000);
  CHECK(kernels::random_cost<double>(s).bytes == 8000);
}

}  // namespace keratin::tests
