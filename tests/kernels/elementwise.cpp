#include "kernels/elementwise/elementwise.h"

#include <algorithm>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Binary;
using kernels::BinaryShape;
using kernels::Unary;
using Sizes = std::vector<std::int64_t>;

std::int64_t product(const Sizes& sizes) {
  std::int64_t size = 1;
  for (const std::int64_t n : sizes) size *= n;
  return size;
}

// Relative error allowed; the exact ones are exact, the others within the bounds of simd_math.h.
double relative_error(Unary op) {
  switch (op) {
    case Unary::negative:
    case Unary::abs:
    case Unary::sign:
    case Unary::relu:
    case Unary::floor:
    case Unary::ceil:
    case Unary::round:
      return 0;
    default:
      return 4e-7;
  }
}
constexpr double kLeast = 3e-45;  // two steps of the smallest denormals

std::vector<float> in_double(Unary op, const std::vector<float>& x) {
  const auto wide = converted<double>(x);
  std::vector<double> y(x.size());
  kernels::cpu::unary_reference(wide.data(), y.data(), {op, static_cast<std::int64_t>(x.size())});
  return converted<float>(y);
}

void check_unary(Unary op, const std::vector<float>& x) {
  const kernels::UnaryShape s{op, static_cast<std::int64_t>(x.size())};
  const auto expected = in_double(op, x);
  for_each_rung(kernels::unary_ladder<float>, s, [&](auto* function) {
    auto y = unwritten(s.size + 1);
    y.back() = -77;
    function(x.data(), y.data(), s);
    CHECK(y.back() == -77);
    y.pop_back();
    CHECK(difference(y, expected, {.rel = relative_error(op), .abs = kLeast}) == "");
    auto in_place = x;
    function(in_place.data(), in_place.data(), s);
    CHECK(same_bits(in_place, y));
  });
}

}  // namespace

TEST_CASE("elementwise: every unary operation, every rung, against double") {
  for (int i = 0; i < kernels::kUnaryCount; ++i) {
    const auto op = static_cast<Unary>(i);
    check_unary(op, awkward_values());
    for (const std::int64_t size : kSizes) check_unary(op, awkward_mixture(size, 17));
  }
}

TEST_CASE("elementwise: unary operations on float64 and integers") {
  const std::vector<double> x = {-2.5, -0.0, 0.0, 0.5, 1.5, 2.5, 1e300, kInf, -kInf, kNaN};
  const auto computed = [](Unary op, const auto& x) {
    using T = typename std::remove_cvref_t<decltype(x)>::value_type;
    const kernels::UnaryShape s{op, static_cast<std::int64_t>(x.size())};
    std::vector<T> y(x.size(), T(77));
    for_each_rung(kernels::unary_ladder<T>, s, [&](auto* f) {
      std::vector<T> z(x.size(), T(77));
      f(x.data(), z.data(), s);
      if (f == kernels::unary_ladder<T>.rungs[0].function) y = z;
      CHECK(same_bits(y, z));
    });
    return y;
  };
  const std::vector<double> rounded = {-2, 0, 0, 0, 2, 2, 1e300, kInf, -kInf, kNaN};
  CHECK(difference(computed(Unary::round, x), rounded, {0, 0}) == "");
  const std::vector<double> signs = {-1, 0, 0, 1, 1, 1, 1, 1, -1, kNaN};
  CHECK(difference(computed(Unary::sign, x), signs, {0, 0}) == "");
  constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min(),
                         kHigh = std::numeric_limits<std::int32_t>::max();
  const std::vector<std::int32_t> n = {0, 1, -1, 7, -65536, kHigh, kLow};
  using V32 = std::vector<std::int32_t>;  // integers wrap around
  CHECK(computed(Unary::negative, n) == V32{0, -1, 1, -7, 65536, -kHigh, kLow});
  CHECK(computed(Unary::abs, n) == V32{0, 1, 1, 7, 65536, kHigh, kLow});
  CHECK(computed(Unary::sign, n) == V32{0, 1, -1, 1, -1, 1, -1});
  CHECK(computed(Unary::square, n) == V32{0, 1, 1, 49, 0, 1, 0});
  CHECK(computed(Unary::relu, n) == V32{0, 1, 0, 7, 0, kHigh, 0});
  CHECK(computed(Unary::sqrt, V32{0, 1, 17, 144}) == V32{0, 1, 4, 12});
  CHECK(computed(Unary::exp, V32{0, 1, 100, -5}) == V32{1, 2, kHigh, 0});  // cut to the range
  CHECK(computed(Unary::reciprocal, V32{0, 1, 2, -1}) == V32{kHigh, 1, 0, -1});
  CHECK(computed(Unary::log, V32{0, 1, 8}) == V32{kLow, 0, 2});
  CHECK(computed(Unary::negative, std::vector<std::uint8_t>{0, 1, 255}) ==
        std::vector<std::uint8_t>{0, 255, 1});
  CHECK(computed(Unary::abs, std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min()}) ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min()});
}

namespace {

// The oracle, without any of make_binary_shape: NumPy's rule spelled out.
template <class T, class F>
std::vector<T> broadcast(const std::vector<T>& a, const Sizes& sizes_a, const std::vector<T>& b,
                         const Sizes& sizes_b, F op) {
  const std::size_t rank = std::max(sizes_a.size(), sizes_b.size());
  const auto size_at = [&](const Sizes& sizes, std::size_t k) {
    const std::size_t missing = rank - sizes.size();
    return k < missing ? 1 : sizes[k - missing];
  };
  Sizes sizes(rank);
  for (std::size_t k = 0; k < rank; ++k)
    sizes[k] = size_at(sizes_a, k) == 1 ? size_at(sizes_b, k) : size_at(sizes_a, k);
  std::vector<T> y(static_cast<std::size_t>(product(sizes)));
  for (std::size_t i = 0; i < y.size(); ++i) {
    std::int64_t rest = static_cast<std::int64_t>(i), at_a = 0, at_b = 0, step_a = 1, step_b = 1;
    for (std::size_t k = rank; k-- > 0;) {
      const std::int64_t index = rest % sizes[k];
      rest /= sizes[k];
      if (size_at(sizes_a, k) != 1) at_a += index * step_a;
      if (size_at(sizes_b, k) != 1) at_b += index * step_b;
      step_a *= size_at(sizes_a, k);
      step_b *= size_at(sizes_b, k);
    }
    y[i] = op(a[static_cast<std::size_t>(at_a)], b[static_cast<std::size_t>(at_b)]);
  }
  return y;
}

double exact(Binary op, double a, double b) {
  switch (op) {
    case Binary::add:
      return a + b;
    case Binary::subtract:
      return a - b;
    case Binary::multiply:
      return a * b;
    case Binary::divide:
      return a / b;
    case Binary::maximum:
      return std::isnan(a) || std::isnan(b) ? kNaN : std::max(a, b);
    case Binary::minimum:
      return std::isnan(a) || std::isnan(b) ? kNaN : std::min(a, b);
    case Binary::power:
      return std::pow(a, b);
    case Binary::equal:
      return a == b;
    case Binary::not_equal:
      return a != b;
    case Binary::less:
      return a < b;
    case Binary::less_equal:
      return a <= b;
    case Binary::greater:
      return a > b;
    case Binary::greater_equal:
      return a >= b;
    case Binary::relu_gradient:
      return b > 0 ? a : 0;
    case Binary::sigmoid_gradient:
      return a * b * (1 - b);
    case Binary::tanh_gradient:
      return a * (1 - b * b);
    case Binary::sigmoid_cross_entropy:
      return (a > 0 ? a : 0) - a * b + std::log1p(std::exp(-std::fabs(a)));
  }
  return kNaN;
}

const std::vector<std::pair<Sizes, Sizes>> kOperands = {
    {{}, {}},
    {{1}, {1}},
    {{5}, {5}},
    {{17}, {17}},
    {{5}, {1}},
    {{1}, {33}},
    {{}, {40}},
    {{65537}, {65537}},
    {{65537}, {}},
    {{3, 17}, {17}},
    {{17}, {3, 17}},
    {{3, 17}, {3, 1}},
    {{3, 1}, {1, 17}},
    {{4, 3, 2}, {3, 1}},
    {{2, 1, 5, 1}, {3, 1, 16}},
    {{1, 1}, {4, 31}},
    {{200, 300}, {300}},
    {{200, 300}, {200, 1}},
    {{64, 7, 7, 33}, {33}},
    {{64, 7, 7, 3}, {64, 1, 1, 3}},
    {{2, 1, 2, 1, 2, 1, 2, 3}, {1, 2, 1, 2, 1, 2, 1, 3}},
    {{0}, {1}},
    {{0}, {0}},
    {{3, 0}, {3, 1}},
    {{4, 1, 0}, {5, 1}},
};

// Room for the last place of every step, where steps cancel too.
Tolerance tolerance(Binary op) {
  switch (op) {
    case Binary::sigmoid_gradient:
    case Binary::tanh_gradient:
    case Binary::sigmoid_cross_entropy:
      return {.rel = 6e-7, .abs = 2e-6};
    case Binary::power:
      return {.rel = 5e-7, .abs = 1e-45};  // CUDA's powf: 4 units of the last place
    default:
      return {.rel = 1e-7, .abs = 1e-45};
  }
}

void check_binary(Binary op, const std::vector<float>& a, const Sizes& sizes_a,
                  const std::vector<float>& b, const Sizes& sizes_b) {
  const BinaryShape s = kernels::make_binary_shape(op, sizes_a, sizes_b);
  const auto expected =
      converted<float>(broadcast(converted<double>(a), sizes_a, converted<double>(b), sizes_b,
                                 [&](double p, double q) { return exact(op, p, q); }));
  REQUIRE(s.size() == static_cast<std::int64_t>(expected.size()));
  for_each_rung(kernels::binary_ladder<float>, s, [&](auto* function) {
    auto y = unwritten(s.size() + 1);
    y.back() = -77;
    function(a.data(), b.data(), y.data(), s);
    CHECK(y.back() == -77);
    y.pop_back();
    CHECK(difference(y, expected, tolerance(op)) == "");
    if (sizes_a == sizes_b || (b.size() < a.size() && a.size() == y.size())) {
      auto in_place = a;
      function(in_place.data(), b.data(), in_place.data(), s);
      CHECK(same_bits(in_place, y));
    }
    if (b.size() == y.size()) {
      auto in_place = b;
      function(a.data(), in_place.data(), in_place.data(), s);
      CHECK(same_bits(in_place, y));
    }
  });
}

}  // namespace

TEST_CASE("elementwise: every binary operation, every rung, broadcast as NumPy does") {
  for (int i = 0; i < kernels::kBinaryCount; ++i) {
    const auto op = static_cast<Binary>(i);
    for (const auto& [sizes_a, sizes_b] : kOperands) {
      check_binary(op, normal_values(product(sizes_a), 3), sizes_a,
                   normal_values(product(sizes_b), 4), sizes_b);
    }
  }
}

TEST_CASE("elementwise: binary operations on awkward numbers, each with each") {
  const auto x = awkward_values();
  const auto n = static_cast<std::int64_t>(x.size());
  for (int i = 0; i < kernels::kBinaryCount; ++i) {
    const auto op = static_cast<Binary>(i);
    // Products past the largest float, and sums of terms that cancel, are not these formulas' use.
    if (op == Binary::sigmoid_gradient || op == Binary::tanh_gradient) continue;
    if (op == Binary::sigmoid_cross_entropy) {
      check_binary(op, x, {n, 1}, {0, 1, 0.5f, 0.25f, 0.9f, kNaN}, {6});
    } else {
      check_binary(op, x, {n, 1}, x, {n});
    }
  }
}

TEST_CASE("elementwise: sigmoid cross-entropy keeps the last bits of confident scores") {
  const std::vector<float> x = {20, -20, 50, -50, 9}, t = {1, 0, 1, 0, 1};
  const BinaryShape s =
      kernels::make_binary_shape(Binary::sigmoid_cross_entropy, Sizes{5}, Sizes{5});
  for_each_rung(kernels::binary_ladder<float>, s, [&](auto* function) {
    auto y = unwritten(5);
    function(x.data(), t.data(), y.data(), s);
    for (std::size_t i = 0; i < 5; ++i) {
      const double expected = std::log1p(std::exp(-std::fabs(static_cast<double>(x[i]))));
      CHECK(ulps(y[i], expected) <= 4);
    }
  });
}

TEST_CASE("elementwise: random broadcasts of up to 8 axes") {
  std::mt19937_64 random(99);
  for (int round = 0; round < 300; ++round) {
    const std::size_t rank = random() % 9;
    Sizes sizes_a(rank), sizes_b(rank);
    for (std::size_t k = 0; k < rank; ++k) {
      const auto n = static_cast<std::int64_t>(1 + random() % (k + 1 == rank ? 40 : 4));
      sizes_a[k] = random() % 3 == 0 ? 1 : n;
      sizes_b[k] = random() % 3 == 0 ? 1 : n;
    }
    Sizes& shorter = random() % 2 == 0 ? sizes_a : sizes_b;
    shorter.erase(shorter.begin(),
                  shorter.begin() + static_cast<std::ptrdiff_t>(random() % (rank + 1)));
    CAPTURE(round);
    check_binary(Binary::subtract, normal_values(product(sizes_a), random()), sizes_a,
                 normal_values(product(sizes_b), random()), sizes_b);
  }
}

namespace {

template <class T>
void check_integers(Binary op, const std::vector<T>& a, const std::vector<T>& b,
                    const std::vector<T>& expected) {
  const auto n = static_cast<std::int64_t>(a.size());
  const BinaryShape s = kernels::make_binary_shape(op, Sizes{n}, Sizes{n});
  for_each_rung(kernels::binary_ladder<T>, s, [&](auto* function) {
    std::vector<T> y(a.size(), T(77));
    function(a.data(), b.data(), y.data(), s);
    CHECK(y == expected);
  });
}

}  // namespace

TEST_CASE("elementwise: integers wrap around; division by 0 gives 0") {
  constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min(),
                         kHigh = std::numeric_limits<std::int32_t>::max();
  const std::vector<std::int32_t> a = {7, -7, kHigh, kLow, kLow, 0, 65536};
  const std::vector<std::int32_t> b = {2, 2, 1, -1, 0, 5, 65536};
  check_integers<std::int32_t>(Binary::add, a, b, {9, -5, kLow, kHigh, kLow, 5, 131072});
  check_integers<std::int32_t>(Binary::subtract, a, b, {5, -9, kHigh - 1, kLow + 1, kLow, -5, 0});
  check_integers<std::int32_t>(Binary::multiply, a, b, {14, -14, kHigh, kLow, 0, 0, 0});
  check_integers<std::int32_t>(Binary::divide, a, b, {3, -3, kHigh, kLow, 0, 0, 1});
  check_integers<std::int32_t>(Binary::maximum, a, b, {7, 2, kHigh, -1, 0, 5, 65536});
  check_integers<std::int32_t>(Binary::less, a, b, {0, 1, 0, 1, 1, 1, 0});
  check_integers<std::int32_t>(Binary::power, {2, -3, 2, 0, 0, -1, 1, -1, 2, 3},
                               {10, 3, 31, 0, 5, -3, -9, -4, -1, 21},
                               {1024, -27, kLow, 1, 0, -1, 1, 1, 0, 1870418611});
  constexpr std::int64_t kLow64 = std::numeric_limits<std::int64_t>::min();
  check_integers<std::int64_t>(Binary::divide, {kLow64, 9, 1}, {-1, 0, 3}, {kLow64, 0, 0});
  check_integers<std::int64_t>(Binary::multiply, {kLow64, std::int64_t{1} << 62}, {-1, 4},
                               {kLow64, 0});
  check_integers<std::int64_t>(Binary::power, {3, 10, 2}, {39, 18, 64},
                               {4052555153018976267, 1000000000000000000, 0});
  check_integers<std::uint8_t>(Binary::add, {250, 1}, {10, 2}, {4, 3});
  check_integers<std::uint8_t>(Binary::subtract, {1, 9}, {2, 3}, {255, 6});
  check_integers<std::uint8_t>(Binary::power, {3, 2}, {6, 8}, {217, 0});
}

TEST_CASE("elementwise: the same bits on any number of threads") {
  const auto x = normal_values(300007, 5, 4);
  for (const Unary op : {Unary::exp, Unary::tanh, Unary::erf}) {
    const kernels::UnaryShape s{op, static_cast<std::int64_t>(x.size())};
    for_each_rung(kernels::unary_ladder<float>, s, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        auto y = unwritten(s.size);
        function(x.data(), y.data(), s);
        return y;
      });
    });
  }
  for (const auto& sizes_b : {Sizes{517}, Sizes{500, 1}, Sizes{1}}) {
    const auto s = kernels::make_binary_shape(Binary::divide, Sizes{500, 517}, sizes_b);
    const auto a = normal_values(500 * 517, 6), b = normal_values(product(sizes_b), 7);
    for_each_rung(kernels::binary_ladder<float>, s, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        auto y = unwritten(s.size());
        function(a.data(), b.data(), y.data(), s);
        return y;
      });
    });
  }
}

TEST_CASE("elementwise: merged axes, cost, text and names") {
  const BinaryShape s = kernels::make_binary_shape(Binary::add, Sizes{4, 5, 6}, Sizes{1, 6});
  CHECK(s.rank == 2);
  CHECK(s.text() == "add [20, 6]");
  CHECK(kernels::binary_cost<float>(s).flops == 120);
  CHECK(kernels::binary_cost<float>(s).bytes == 4 * (120 + 120 + 6));
  CHECK(kernels::make_binary_shape(Binary::add, Sizes{4, 5, 6}, Sizes{4, 5, 6}).rank == 1);
  CHECK(kernels::make_binary_shape(Binary::add, Sizes{1, 1}, Sizes{}).size() == 1);
  CHECK(kernels::UnaryShape{Unary::log1p, 12}.text() == "log1p [12]");
  CHECK(kernels::unary_cost<double>({Unary::exp, 10}).bytes == 160);
  std::vector<std::string> names;
  for (int i = 0; i < kernels::kUnaryCount; ++i) names.push_back(name_of(static_cast<Unary>(i)));
  for (int i = 0; i < kernels::kBinaryCount; ++i) names.push_back(name_of(static_cast<Binary>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("elementwise: streamed results are those of simd, at any size and place") {
  for (const std::int64_t size : kSizes) {
    CAPTURE(size);
    const auto a = awkward_mixture(size + 3, 5), b = awkward_mixture(size + 3, 6);
    for (const std::int64_t place : {0, 1, 3}) {
      const auto expect_same = [&](auto simd, auto streamed) {
        auto expected = unwritten(size + 4), y = unwritten(size + 4);
        simd(expected.data() + place);
        streamed(y.data() + place);
        CHECK(same_bits(y, expected));
      };
      const kernels::UnaryShape one{Unary::square, size};
      expect_same([&](float* y) { kernels::cpu::unary_simd(a.data(), y, one); },
                  [&](float* y) { kernels::cpu::unary_streamed(a.data(), y, one); });
      const Sizes sizes{size};
      for (const Sizes& sizes_b : {sizes, Sizes{}}) {
        const BinaryShape two = kernels::make_binary_shape(Binary::subtract, sizes, sizes_b);
        expect_same([&](float* y) { kernels::cpu::binary_simd(a.data(), b.data(), y, two); },
                    [&](float* y) { kernels::cpu::binary_streamed(a.data(), b.data(), y, two); });
      }
    }
  }
}

TEST_CASE("elementwise: what is beyond the caches is streamed") {
  constexpr std::int64_t kSize = (5 << 20) + 7;
  const kernels::UnaryShape one{Unary::relu, kSize};
  CHECK(kernels::cpu::unary_streamed_applies(one));
  const Sizes sizes{kSize};
  const BinaryShape two = kernels::make_binary_shape(Binary::add, sizes, sizes);
  CHECK(kernels::cpu::binary_streamed_applies(two));
  const auto x = awkward_mixture(kSize, 3);
  check_same_bits_on_all_threads([&] {
    auto y = unwritten(kSize), z = unwritten(kSize);
    kernels::cpu::unary_streamed(x.data(), y.data(), one);
    kernels::cpu::binary_streamed(x.data(), y.data(), z.data(), two);
    return z;
  });
}

}  // namespace keratin::tests
