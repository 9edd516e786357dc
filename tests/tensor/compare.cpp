#include "tensor/compare.h"

#include <functional>

#include "tensor/cast.h"
#include "tests/ops/groups.h"

namespace keratin::tests {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

Tensor flags(std::initializer_list<double> values, const Shape& shape = Shape::unset()) {
  return Tensor::numbers(values, shape, boolean);
}

struct Comparison {
  const char* name;
  Tensor (*tensors)(const Tensor&, const Tensor&);
  Tensor (*number_right)(const Tensor&, double);
  Tensor (*number_left)(double, const Tensor&);
  bool (*holds)(double, double);
};
const std::vector<Comparison> kComparisons = {
    {"greater", greater, greater, greater, [](double a, double b) { return a > b; }},
    {"greater_equal", greater_equal, greater_equal, greater_equal,
     [](double a, double b) { return a >= b; }},
    {"less", less, less, less, [](double a, double b) { return a < b; }},
    {"less_equal", less_equal, less_equal, less_equal, [](double a, double b) { return a <= b; }},
    {"equal", equal, equal, equal, [](double a, double b) { return a == b; }},
    {"not_equal", not_equal, not_equal, not_equal, [](double a, double b) { return a != b; }}};

}  // namespace

TEST_CASE("compare: every pair of awkward numbers") {
  const std::vector<double> values = {0,         -0.0,       1,    -1,  1e-30, 3,
                                      kInfinity, -kInfinity, kNaN, 255, 1e30};
  const auto n = static_cast<std::int64_t>(values.size());
  for (const Comparison& c : kComparisons) {
    CAPTURE(c.name);
    for (const DType dtype : {float32, float64, uint8, int32, int64, boolean}) {
      CAPTURE(name_of(dtype));
      const Tensor x = cast(Tensor::from(values), dtype);
      const Tensor y = c.tensors(x.reshaped({n, 1}), x);
      CHECK(y.dtype() == boolean);
      CHECK(y.shape() == Shape{n, n});
      const std::vector<double> held = numbers_of(x);
      std::vector<double> expected;
      for (const double a : held) {
        for (const double b : held) expected.push_back(c.holds(a, b) ? 1 : 0);
      }
      CHECK(numbers_of(y) == expected);
    }
  }
}

TEST_CASE("compare: with a number of either side, fractions beside integers too") {
  for (const Comparison& c : kComparisons) {
    CAPTURE(c.name);
    for (const DType dtype : {float32, float64, uint8, int32, int64, boolean}) {
      CAPTURE(name_of(dtype));
      const Tensor x = cast(Tensor::numbers({0, 1, 2, 200}), dtype);
      for (const double number : {0.0, 0.5, 1.0, -3.0, 300.0, 1e12, kInfinity, kNaN}) {
        std::vector<double> right, left;
        for (const double value : numbers_of(x)) {
          right.push_back(c.holds(value, number) ? 1 : 0);
          left.push_back(c.holds(number, value) ? 1 : 0);
        }
        CHECK(numbers_of(c.number_right(x, number)) == right);
        CHECK(numbers_of(c.number_left(number, x)) == left);
      }
    }
  }
}

TEST_CASE("compare: broadcasts; any size") {
  CHECK(greater(zeros({2, 0}), zeros({2, 1})).shape() == Shape{2, 0});
  CHECK(equal(zeros({}), zeros({})).shape() == Shape{});
  CHECK(numbers_of(less(Tensor::numbers({1, 2, 3, 4}, {2, 2}), Tensor::numbers({2, 4}))) ==
        std::vector<double>{1, 1, 0, 0});
  const Tensor x = normal({70'001}, 1), y = normal({70'001}, 2);
  const auto a = numbers_of(x), b = numbers_of(y);
  std::vector<double> expected;
  for (std::size_t i = 0; i < a.size(); ++i) expected.push_back(a[i] > b[i] ? 1 : 0);
  CHECK(numbers_of(greater(x, y)) == expected);
  CHECK(numbers_of(greater(cast(x, float32), cast(y, float32))) == expected);
}

TEST_CASE("compare: errors name what was given") {
  for (const Comparison& c : kComparisons) {
    const Tensor x = zeros({2, 3});
    CHECK(complaint<ShapeError>([&] { return c.tensors(x, zeros({4})); },
                                {c.name, "[2, 3]", "[4]"}) == "");
    CHECK(complaint<DTypeError>([&] { return c.tensors(x, zeros({3}, int32)); },
                                {c.name, "f32[2, 3]", "i32[3]"}) == "");
    const Tensor text = Tensor::strings({"a"});
    CHECK(complaint<DTypeError>([&] { return c.tensors(text, text); }, {c.name, "string[1]"}) ==
          "");
    CHECK(complaint<DTypeError>([&] { return c.number_left(1, text); }, {c.name, "string[1]"}) ==
          "");
    CHECK(complaint<ValueError>([&] { return c.tensors(Tensor(), x); }, {c.name}) == "");
  }
}

TEST_CASE("logical_not, logical_and, logical_or") {
  const Tensor a = flags({0, 0, 1, 1}), b = flags({0, 1, 0, 1});
  CHECK(numbers_of(logical_not(b)) == std::vector<double>{1, 0, 1, 0});
  CHECK(numbers_of(logical_and(a, b)) == std::vector<double>{0, 0, 0, 1});
  CHECK(numbers_of(logical_or(a, b)) == std::vector<double>{0, 1, 1, 1});
  CHECK(logical_or(a, flags({1})).dtype() == boolean);
  CHECK(logical_and(a.reshaped({4, 1}), b).shape() == Shape{4, 4});
  CHECK(logical_not(zeros({0, 2}, boolean)).shape() == Shape{0, 2});
  CHECK(complaint<DTypeError>([] { return logical_not(zeros({2})); },
                              {"logical_not", "f32[2]", "bool"}) == "");
  CHECK(complaint<DTypeError>([&] { return logical_and(a, zeros({4}, uint8)); },
                              {"logical_and", "u8[4]"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return logical_or(a, flags({1, 0}));
            },
            {"logical_or", "[4]", "[2]"}) == "");
}

TEST_CASE("all, any: against counting") {
  for (const Reduced& row : reductions()) {
    CAPTURE(row.shape.text());
    // Few false, and few true: both results occur in short and in long groups.
    const Tensor x = uniform(row.shape, 0, 1, 3);
    for (const Tensor& flags : {greater(x, 0.1), greater(x, 0.9), less(x, 2), greater(x, 2)}) {
      std::vector<double> every, some;
      for (const auto& group : groups_of(flags, row.axis)) {
        const auto count = std::count(group.begin(), group.end(), 1.0);
        every.push_back(static_cast<std::size_t>(count) == group.size() ? 1 : 0);
        some.push_back(count > 0 ? 1 : 0);
      }
      for (const bool keepdims : {false, true}) {
        CHECK(numbers_of(all(flags, {row.axis, keepdims})) == every);
        CHECK(numbers_of(any(flags, {row.axis, keepdims})) == some);
        CHECK(all(flags, {row.axis, keepdims}).dtype() == boolean);
      }
    }
  }
  CHECK(all(zeros({0}, boolean)).item<bool>());
  CHECK_FALSE(any(zeros({0}, boolean)).item<bool>());
  CHECK(numbers_of(all(zeros({2, 0}, boolean), {.axis = 1})) == std::vector<double>{1, 1});
  CHECK(complaint<DTypeError>([] { return all(zeros({2})); }, {"all", "f32[2]", "bool"}) == "");
  CHECK(complaint<ShapeError>([] { return any(zeros({2}, boolean), {.axis = 1}); },
                              {"any", "axis 1"}) == "");
}

TEST_CASE("argmax, argmin: the first of the largest") {
  std::uint64_t seed = 1;
  for (const Reduced& row : reductions()) {
    if (row.axis.given() && row.axis.resolve("test", row.shape.rank()).size() != 1) continue;
    if (row.shape.size() == 0) continue;
    // Few different values, so that there are ties; and normal ones.
    for (const Tensor& x : {whole(row.shape, -2, 2, seed), normal(row.shape, seed + 1)}) {
      std::vector<double> largest, smallest;
      for (const auto& group : groups_of(x, row.axis)) {
        largest.push_back(
            static_cast<double>(std::max_element(group.begin(), group.end()) - group.begin()));
        smallest.push_back(
            static_cast<double>(std::min_element(group.begin(), group.end()) - group.begin()));
      }
      for (const DType dtype : {float32, float64}) {
        for (const bool keepdims : {false, true}) {
          CAPTURE(row.shape.text());
          const Tensor y = argmax(cast(x, dtype), {row.axis, keepdims});
          CHECK(y.dtype() == int64);
          CHECK(numbers_of(y) == largest);
          CHECK(numbers_of(argmin(cast(x, dtype), {row.axis, keepdims})) == smallest);
          if (keepdims) CHECK(y.rank() == row.shape.rank());
        }
      }
    }
    seed += 2;
  }
  for (const DType dtype : {uint8, int32, int64, boolean}) {
    const Tensor x = cast(Tensor::numbers({1, 0, 1, 0}), dtype);
    CHECK(argmax(x).item<std::int64_t>() == 0);
    CHECK(argmin(x).item<std::int64_t>() == 1);
  }
}

TEST_CASE("argmax, argmin: the first NaN counts as both") {
  for (const DType dtype : {float32, float64}) {
    for (const std::int64_t place : {0, 5, 40}) {
      std::vector<double> values(50, 1);
      values[7] = kInfinity;
      values[static_cast<std::size_t>(place)] = values[45] = kNaN;
      const Tensor x = cast(Tensor::from(values), dtype);
      for (const Tensor& t : {x, x.reshaped({50, 1})}) {
        CHECK(numbers_of(argmax(t, {.axis = 0}))[0] == static_cast<double>(place));
        CHECK(numbers_of(argmin(t, {.axis = 0}))[0] == static_cast<double>(place));
      }
    }
  }
  CHECK(argmax(full({3}, -kInfinity)).item<std::int64_t>() == 0);
}

TEST_CASE("argmax: errors name what was given") {
  const Tensor x = zeros({2, 0, 3});
  CHECK(argmax(x, {.axis = 0}).shape() == Shape{0, 3});
  CHECK(complaint<ShapeError>([&] { return argmax(x, {.axis = 1}); },
                              {"argmax", "f32[2, 0, 3]", "nothing"}) == "");
  CHECK(complaint<ShapeError>([&] { return argmin(x); }, {"argmin", "nothing"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return argmax(x, {.axis = {0, 2}});
            },
            {"argmax", "2 axes"}) == "");
  CHECK(complaint<ShapeError>([&] { return argmax(x, {.axis = 3}); }, {"argmax", "axis 3"}) == "");
  CHECK(complaint<DTypeError>([] { return argmax(Tensor::strings({"a"})); },
                              {"argmax", "string[1]"}) == "");
}

TEST_CASE("isnan, isfinite") {
  for (const DType dtype : {float32, float64}) {
    const Tensor x = Tensor::numbers({0, kNaN, kInfinity, -kInfinity, 1e30, -1}, {6}, dtype);
    CHECK(numbers_of(isnan(x)) == std::vector<double>{0, 1, 0, 0, 0, 0});
    CHECK(numbers_of(isfinite(x)) == std::vector<double>{1, 0, 0, 0, 1, 1});
  }
  CHECK(numbers_of(isfinite(zeros({2}, int32))) == std::vector<double>{1, 1});
  CHECK(numbers_of(isnan(zeros({2}, uint8))) == std::vector<double>{0, 0});
  CHECK(complaint<DTypeError>([] { return isnan(zeros({2}, boolean)); }, {"isnan", "bool[2]"}) ==
        "");
}

TEST_CASE("max_abs_difference") {
  const Tensor a = Tensor::numbers({1, -2, 3}), b = Tensor::numbers({1.5, -4, 3});
  CHECK(max_abs_difference(a, b) == 2);
  CHECK(max_abs_difference(a, a) == 0);
  CHECK(max_abs_difference(a, cast(b, float64)) == 2);
  CHECK(max_abs_difference(zeros({0}), zeros({0})) == 0);
  CHECK(max_abs_difference(full({2}, kInfinity), full({2}, kInfinity)) == 0);
  CHECK(max_abs_difference(full({2}, kInfinity), full({2}, -kInfinity)) == kInfinity);
  CHECK(std::isnan(max_abs_difference(Tensor::numbers({0, kNaN, 9}), zeros({3}))));
  CHECK(std::isnan(max_abs_difference(full({1}, kNaN), full({1}, kNaN))));
  CHECK(complaint<ShapeError>([&] { return max_abs_difference(a, zeros({1})); },
                              {"max_abs_difference", "f32[3]", "f32[1]"}) == "");
}

}  // namespace keratin::tests
