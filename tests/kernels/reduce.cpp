#include "kernels/reduce/reduce.h"

#include <algorithm>

#include "kernels/reduce/matches.h"
#include "kernels/reduce/relu.h"
#include "tests/kernels/bfloat16.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::ArgReduceShape;
using kernels::ReduceShape;
using kernels::Reduction;

struct Box {
  std::int64_t outer, reduced, inner;
  std::int64_t input() const { return outer * reduced * inner; }
  std::int64_t output() const { return outer * inner; }
};

const std::vector<Box> kBoxes = {
    {1, 1, 1},      {1, 2, 1},     {3, 15, 1},     {4, 16, 1},    {5, 17, 1},     {2, 63, 1},
    {2, 64, 1},     {2, 65, 1},    {7, 129, 1},    {1, 16384, 1}, {1, 16385, 1},  {1, 200003, 1},
    {3, 40000, 1},  {9, 33000, 1}, {1, 7, 2},      {1, 100, 3},   {2, 1000, 5},   {1, 9, 15},
    {1, 9, 16},     {1, 9, 17},    {1, 33, 64},    {2, 33, 65},   {4, 12, 10},    {5, 70, 31},
    {8, 3, 257},    {1, 5000, 10}, {3, 5000, 64},  {1, 70000, 3}, {1, 70000, 33}, {2, 20000, 17},
    {1, 2, 100003}, {2, 3, 70001}, {1, 600, 1000}, {6, 50000, 2}, {40, 40, 40},   {5000, 10, 1},
    {5000, 1, 1},   {1, 1, 5000},  {300, 1, 17},   {4096, 3, 3},  {0, 5, 3},      {3, 5, 0},
    {0, 0, 0}};

// Sums of n terms of size 1, taken in chains of at most some 256: each chain errs by about its
// length times half a unit in the last place of 1, the errors of n / 256 chains add up like sqrt.
Tolerance tolerance(Reduction op, const Box& b) {
  if (op != Reduction::sum) return {0, 0};
  const auto n = static_cast<double>(b.reduced);
  return {.rel = 2e-7, .abs = 1e-6 + 1.5e-7 * std::sqrt(n * std::min(n, 256.0))};
}

template <class T>
std::vector<T> reduced(kernels::ReduceFn<T> function, const std::vector<T>& x,
                       const ReduceShape& s) {
  auto y = unwritten<T>(s.outer * s.inner + 1);
  y.back() = T(-77);
  function(x.data(), y.data(), s);
  CHECK(y.back() == T(-77));
  y.resize(y.size() - 1);
  return y;
}

void check_reduce(const Box& b, const std::vector<float>& x) {
  for (int i = 0; i < kernels::kReductionCount; ++i) {
    const ReduceShape s{static_cast<Reduction>(i), b.outer, b.reduced, b.inner};
    if (s.op != Reduction::sum && s.reduced == 0) continue;
    const auto expected =
        reduced<double>(kernels::cpu::reduce_reference<double>, converted<double>(x), s);
    for_each_rung(kernels::reduce_ladder<float>, s, [&](auto* function) {
      CHECK(difference(reduced<float>(function, x, s), expected, tolerance(s.op, b)) == "");
    });
  }
}

}  // namespace

TEST_CASE("reduce: every rung, against double, sizes around vectors and pieces") {
  for (const Box& b : kBoxes) check_reduce(b, normal_values(b.input(), 3));
}

TEST_CASE("reduce: random shapes") {
  std::mt19937_64 random(8);
  const auto up_to = [&](std::uint64_t most) { return static_cast<std::int64_t>(random() % most); };
  for (int round = 0; round < 300; ++round) {
    const Box b{1 + up_to(12), 1 + up_to(round % 5 == 0 ? 5000 : 60), 1 + up_to(70)};
    check_reduce(b, normal_values(b.input(), random()));
  }
}

TEST_CASE("reduce: whole numbers are summed without any error") {
  for (const Box& b : kBoxes) {
    if (b.reduced > 100'000) continue;
    std::vector<float> x(static_cast<std::size_t>(b.input()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7 % 11);
    const ReduceShape s{Reduction::sum, b.outer, b.reduced, b.inner};
    const auto expected =
        reduced<double>(kernels::cpu::reduce_reference<double>, converted<double>(x), s);
    for_each_rung(kernels::reduce_ladder<float>, s, [&](auto* function) {
      CHECK(difference(reduced<float>(function, x, s), expected, {0, 0}) == "");
    });
  }
}

TEST_CASE("reduce: an empty sum is 0") {
  for (const auto& [outer, inner] : {std::pair{3, 1}, {3, 5}, {9, 40}, {1, 1}}) {
    const ReduceShape s{Reduction::sum, outer, 0, inner};
    const std::vector<float> expected(static_cast<std::size_t>(outer * inner), 0.0f);
    for_each_rung(kernels::reduce_ladder<float>, s,
                  [&](auto* function) { CHECK(reduced<float>(function, {}, s) == expected); });
  }
}

TEST_CASE("reduce: one NaN or infinity, wherever it stands") {
  for (const Box& b : {Box{1, 150, 1}, Box{2, 40000, 1}, Box{1, 70, 3}, Box{1, 150, 40},
                       Box{5, 20, 19}, Box{1, 3, 300}}) {
    for (const float value : {kNaN, kInf, -kInf}) {
      auto x = normal_values(b.input(), 9);
      for (std::size_t at = 0; at < x.size(); at += 1 + x.size() / 37) {
        const float before = std::exchange(x[at], value);
        check_reduce(b, x);
        x[at] = before;
      }
    }
  }
  check_reduce({1, 100, 1}, std::vector<float>(100, -kInf));
  check_reduce({1, 100, 5}, std::vector<float>(500, kInf));
  check_reduce({1, 100, 5}, std::vector<float>(500, kNaN));
}

TEST_CASE("reduce: other types; integer sums wrap around") {
  const ReduceShape s{Reduction::sum, 2, 3, 1};
  for_each_rung(kernels::reduce_ladder<std::int32_t>, s, [&](auto* function) {
    CHECK(reduced<std::int32_t>(function, {1, 2, -5, 2147483647, 1, 0}, s) ==
          std::vector<std::int32_t>{-2, std::numeric_limits<std::int32_t>::min()});
  });
  for_each_rung(kernels::reduce_ladder<std::int64_t>, s, [&](auto* function) {
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    CHECK(reduced<std::int64_t>(function, {kHigh, 1, 1, kHigh - 1, 1, 0}, s) ==
          std::vector<std::int64_t>{-kHigh, kHigh});
  });
  for_each_rung(kernels::reduce_ladder<std::uint8_t>, s, [&](auto* function) {
    CHECK(reduced<std::uint8_t>(function, {200, 50, 7, 1, 2, 3}, s) ==
          std::vector<std::uint8_t>{1, 6});
  });
  const ReduceShape most{Reduction::max, 1, 3, 2};
  for_each_rung(kernels::reduce_ladder<std::int64_t>, most, [&](auto* function) {
    constexpr std::int64_t kOdd = (std::int64_t{1} << 53) + 1;  // no double
    CHECK(reduced<std::int64_t>(function, {kOdd, -1, kOdd - 1, -5, 0, -2}, most) ==
          std::vector<std::int64_t>{kOdd, -1});
  });
}

TEST_CASE("reduce: the same bits on any number of threads") {
  for (const Box& b : {Box{1, 200003, 1}, Box{3, 40000, 1}, Box{600, 500, 1}, Box{1, 4000, 100},
                       Box{7, 900, 65}, Box{1, 100000, 3}, Box{2, 9, 40000}}) {
    const auto x = normal_values(b.input(), 4);
    const ReduceShape s{Reduction::sum, b.outer, b.reduced, b.inner};
    for_each_rung(kernels::reduce_ladder<float>, s, [&](auto* function) {
      check_same_bits_on_all_threads([&] { return reduced<float>(function, x, s); });
    });
  }
}

namespace {

template <class T>
std::vector<std::int64_t> indices(kernels::ArgReduceFn<T> function, const std::vector<T>& x,
                                  const ArgReduceShape& s) {
  std::vector<std::int64_t> y(static_cast<std::size_t>(s.outer * s.inner + 1), -77);
  function(x.data(), y.data(), s);
  CHECK(y.back() == -77);
  y.pop_back();
  return y;
}

// By sorting: NaN before all, then by value, then by place.
template <class T>
std::vector<std::int64_t> sorted_first(const std::vector<T>& x, const ArgReduceShape& s) {
  std::vector<std::int64_t> y;
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.inner; ++i) {
      std::vector<std::pair<T, std::int64_t>> column;
      for (std::int64_t r = 0; r < s.reduced; ++r)
        column.emplace_back(x[static_cast<std::size_t>((o * s.reduced + r) * s.inner + i)], r);
      y.push_back(std::min_element(column.begin(), column.end(), [&](const auto& p, const auto& q) {
                    const bool nan_p = p.first != p.first, nan_q = q.first != q.first;
                    if (nan_p || nan_q) return nan_p && (!nan_q || p.second < q.second);
                    if (p.first != q.first)
                      return s.largest ? p.first > q.first : p.first < q.first;
                    return p.second < q.second;
                  })->second);
    }
  return y;
}

template <class T>
void check_arg_reduce(const Box& b, const std::vector<T>& x) {
  if (b.reduced == 0) return;
  for (const bool largest : {true, false}) {
    const ArgReduceShape s{largest, b.outer, b.reduced, b.inner};
    const auto expected = sorted_first(x, s);
    for_each_rung(kernels::arg_reduce_ladder<T>, s,
                  [&](auto* function) { CHECK(indices<T>(function, x, s) == expected); });
  }
}

}  // namespace

TEST_CASE("arg_reduce: every rung, ties go to the first") {
  for (const Box& b : kBoxes) {
    check_arg_reduce(b, normal_values(b.input(), 3));
    std::vector<float> few = normal_values(b.input(), 5, 1.5);
    for (float& value : few) value = std::nearbyint(value);  // ties in plenty, -0 and 0 among them
    check_arg_reduce(b, few);
    check_arg_reduce(b, converted<std::int32_t>(few));
    check_arg_reduce(b, converted<double>(few));
  }
  check_arg_reduce<float>({2, 33, 3}, std::vector<float>(198, 4));
  check_arg_reduce<float>({2, 99, 1}, std::vector<float>(198, -kInf));
  check_arg_reduce<std::int64_t>({1, 2, 1}, {std::int64_t{1} << 53, (std::int64_t{1} << 53) + 1});
}

TEST_CASE("arg_reduce: the first NaN counts as largest and as smallest") {
  for (const Box& b : {Box{3, 40, 1}, Box{2, 40, 3}, Box{1, 19, 40}, Box{1, 2000, 1}}) {
    for (int round = 0; round < 30; ++round) {
      check_arg_reduce(b, awkward_mixture(b.input(), static_cast<std::uint64_t>(round)));
      auto x = normal_values(b.input(), 4);
      for (std::size_t i = static_cast<std::size_t>(round); i < x.size(); i += 37) x[i] = kNaN;
      check_arg_reduce(b, x);
    }
  }
}

namespace {

template <class T>
std::vector<T> stored_as(const std::vector<float>& values) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return to_bfloat16s(converted<double>(values));
  } else {
    return converted<T>(values);
  }
}
template <class T>
std::vector<double> numbers(const std::vector<T>& values) {
  if constexpr (std::is_same_v<T, kernels::BFloat16>) {
    return converted<double>(to_floats(values));
  } else {
    return converted<double>(values);
  }
}

// dz exactly, sums against double; all arrays begin `off` elements beside a vector's place.
template <class T>
void check_relu_sums(std::int64_t rows, std::int64_t cols, const std::vector<float>& results,
                     std::int64_t off = 0) {
  const kernels::ReluSumsShape s{rows, cols};
  const std::int64_t size = rows * cols;
  const auto dy = stored_as<T>(normal_values(off + size, 12)), y = stored_as<T>(results);
  std::vector<double> dz(static_cast<std::size_t>(size)), sums(static_cast<std::size_t>(cols));
  const auto sent = numbers(dy), result = numbers(y);
  for (std::int64_t i = 0; i < size; ++i) {
    const auto at = static_cast<std::size_t>(off + i);
    dz[static_cast<std::size_t>(i)] = result[at] > 0 ? sent[at] : 0;
    sums[static_cast<std::size_t>(i % cols)] += dz[static_cast<std::size_t>(i)];
  }
  const double n = static_cast<double>(rows);
  Tolerance tolerance{.rel = 2e-7, .abs = 1e-6 + 1.5e-7 * std::sqrt(n * std::min(n, 256.0))};
  if (sizeof(T) == 2) tolerance.rel = 2 * kBFloat16Rounding;
  for_each_rung(kernels::relu_sums_ladder<T>, s, [&](auto* function) {
    for (const bool in_place : {false, true}) {
      std::vector<T> sent_copy = dy;
      std::vector<T> out = stored_as<T>(std::vector<float>(dy.size() + 1, -77));
      std::vector<T> of_columns = stored_as<T>(std::vector<float>(sums.size() + 1, -77));
      T* const to = in_place ? sent_copy.data() + off : out.data() + off;
      function(sent_copy.data() + off, y.data() + off, to, of_columns.data(), s);
      CHECK(numbers(out).back() == -77);
      CHECK(numbers(of_columns).back() == -77);
      of_columns.pop_back();
      const std::vector<double> all = numbers(std::vector<T>(to, to + size));
      CHECK(all == dz);
      CHECK(difference(numbers(of_columns), sums, tolerance) == "");
    }
  });
}

}  // namespace

TEST_CASE("relu_sums: every rung: relu's gradient to the bit, its sums by column") {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                   {7, 3},
                                   {3, 4},
                                   {33, 2},
                                   {128, 10},
                                   {9, 128},
                                   {5, 130},
                                   {600, 32},
                                   {2500, 8},
                                   {5000, 1},
                                   {700, 12},
                                   {40, 1000},
                                   {1, 0},
                                   {0, 3}}) {
    for (const std::int64_t off : {0, 1}) {
      const auto y = normal_values(off + rows * cols, 13);
      check_relu_sums<float>(rows, cols, y, off);
      check_relu_sums<double>(rows, cols, y, off);
      check_relu_sums<kernels::BFloat16>(rows, cols, y, off);
    }
  }
}

TEST_CASE("relu_sums: nothing comes back where the result is 0 or NaN") {
  auto y = awkward_mixture(90 * 8, 14);
  check_relu_sums<float>(90, 8, y);
  check_relu_sums<kernels::BFloat16>(90, 8, y);
}

namespace {

template <class I>
void check_matches(const std::vector<float>& x, const std::vector<double>& labels,
                   const kernels::MatchesShape& s) {
  std::vector<std::int64_t> best(static_cast<std::size_t>(s.rows));
  kernels::cpu::arg_reduce_reference(x.data(), best.data(),
                                     ArgReduceShape{true, s.rows, s.classes, 1});
  float expected = 0;
  std::vector<I> given;
  for (std::size_t r = 0; r < best.size(); ++r) {
    // All are the best class, but for what the labels say otherwise.
    given.push_back(static_cast<I>(labels[r] < -100 ? static_cast<double>(best[r]) : labels[r]));
    if (static_cast<std::int64_t>(given.back()) == best[r]) expected += 1;
  }
  for_each_rung(kernels::matches_ladder<I>, s, [&](auto* function) {
    float count[2] = {kNaN, -77};
    function(x.data(), given.data(), count, s);
    CHECK(count[0] == expected);
    CHECK(count[1] == -77);
  });
}

}  // namespace

TEST_CASE("matches: every rung, against arg_reduce; ties, NaN, labels that are no class") {
  for (const auto& [rows, classes] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                      {3, 2},
                                      {128, 10},
                                      {33, 31},
                                      {40, 32},
                                      {9, 33},
                                      {5, 1000},
                                      {2000, 9},
                                      {17, 1500},
                                      {0, 4}}) {
    const kernels::MatchesShape s{rows, classes};
    auto x = normal_values(rows * classes, 15, 1.5);
    for (float& value : x) value = std::nearbyint(value);               // ties in plenty
    std::vector<double> labels(static_cast<std::size_t>(rows), -1000);  // the best class
    for (std::size_t r = 0; r < labels.size(); ++r) {
      if (r % 3 == 1) labels[r] = static_cast<double>(r * 7 % static_cast<std::size_t>(classes));
      if (r % 7 == 4)
        x[r * static_cast<std::size_t>(classes) + r % 5 % static_cast<std::size_t>(classes)] = kNaN;
    }
    check_matches<std::int32_t>(x, labels, s);
    if (classes <= 255) check_matches<std::uint8_t>(x, labels, s);
    for (std::size_t r = 0; r < labels.size(); r += 5)
      labels[r] = r % 2 == 0 ? -1 : static_cast<double>(classes);
    check_matches<std::int64_t>(x, labels, s);
    check_matches<float>(x, labels, s);
  }
  check_matches<float>({1, 2, 3, 4}, {1.0, 0.5}, {2, 2});
}

TEST_CASE("reduce: cost and text") {
  CHECK(kernels::MatchesShape{3, 4}.text() == "[3, 4]");
  CHECK(kernels::matches_cost<std::int32_t>({3, 4}).bytes == 4 * (12 + 1) + 4 * 3);
  CHECK(kernels::ReluSumsShape{3, 4}.text() == "[3, 4]");
  CHECK(kernels::relu_sums_cost<float>({3, 4}).bytes == 4 * (3 * 12 + 4));
  CHECK(ReduceShape{Reduction::max, 2, 3, 4}.text() == "max [2, 3, 4] over 1");
  CHECK(ArgReduceShape{false, 2, 3, 4}.text() == "argmin [2, 3, 4] over 1");
  CHECK(kernels::reduce_cost<float>({Reduction::sum, 2, 3, 4}).flops == 24);
  CHECK(kernels::reduce_cost<float>({Reduction::sum, 2, 3, 4}).bytes == 4 * (24 + 8));
  CHECK(kernels::arg_reduce_cost<float>({true, 2, 3, 4}).bytes == 4 * 24 + 8 * 8);
}

}  // namespace keratin::tests
