#include "tests/ops/harness.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "autograd/gradcheck.h"
#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "kernels/parallel.h"
#include "tensor/cast.h"

namespace keratin::tests {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TensorList cast_all(const TensorList& x, DType dtype) {
  TensorList y;
  for (const Tensor& tensor : x) y.push_back(cast(tensor, dtype));
  return y;
}

std::vector<Variable> leaves_of(const TensorList& x) {
  std::vector<Variable> leaves;
  for (const Tensor& tensor : x) leaves.emplace_back(tensor);
  return leaves;
}

std::vector<Variable> constants_of(const TensorList& x) {
  std::vector<Variable> constants;
  for (const Tensor& tensor : x) constants.push_back(tensor);
  return constants;
}

std::string text_of(const TensorList& x) {
  std::string text;
  for (const Tensor& tensor : x) text += (text.empty() ? "" : ", ") + tensor.spec().text();
  return text;
}

// Gradients by every argument, given that of the result; none where the rule gives none.
struct Run {
  Tensor result;
  std::vector<Tensor> gradients;
};
Run run_with_gradients(const OpTest& test, const TensorList& x, const Tensor& dy) {
  const std::vector<Variable> leaves = leaves_of(x);
  const Variable y = test.run(leaves);
  Run run{y.value(), {}};
  CHECK(y.requires_grad());
  if (!y.requires_grad()) return run;
  y.backward(cast(dy, y.dtype()));
  for (const Variable& leaf : leaves) run.gradients.push_back(leaf.grad());
  return run;
}

// The formula on broadcast arguments, the result's element i from theirs.
std::vector<double> by_formula(const OpTest& test, const TensorList& x, const Shape& shape) {
  std::vector<std::vector<double>> values;
  for (const Tensor& tensor : x) values.push_back(numbers_of(tensor));
  std::vector<double> result;
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    std::vector<double> element;
    for (std::size_t k = 0; k < x.size(); ++k) {
      std::int64_t rest = i, offset = 0, stride = 1;
      for (std::int64_t back = 1; back <= shape.rank(); ++back) {
        const std::int64_t index = rest % shape[-back];
        rest /= shape[-back];
        if (back > x[k].rank()) continue;
        if (x[k].shape()[-back] != 1) offset += index * stride;
        stride *= x[k].shape()[-back];
      }
      element.push_back(values[k][static_cast<std::size_t>(offset)]);
    }
    result.push_back(test.formula(element));
  }
  return result;
}

// What float32 makes of a number that float64 holds.
std::vector<double> through_float(std::vector<double> values) {
  for (double& value : values) {
    const double largest = std::numeric_limits<float>::max();
    if (std::fabs(value) > largest) value = std::copysign(kInfinity, value);
  }
  return values;
}

void check_formula(const OpTest& test, const TensorList& x) {
  const Tensor y = test.run(x);
  CHECK(difference(numbers_of(y), by_formula(test, x, y.shape()), {1e-12, 1e-14}) == "");
}

void check_awkward_values(const OpTest& test, std::size_t arguments) {
  const std::vector<double> awkward = {
      0,      -0.0, 1,         -1,         0.5,
      -0.5,   2,    -2,        1e-30,      3e4,
      -3e4,   87,   -87,       104,        -104,
      -1e-30, 1e30, 9,         -9,         -1e30,
      0.29,   -0.3, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()};
  const auto n = static_cast<std::int64_t>(awkward.size());
  const Tensor values = cast(Tensor::from(awkward), float32);
  TensorList x{values};
  if (arguments == 2) x = {values.reshaped({n, 1}), values};
  const TensorList wide = cast_all(x, float64);
  const Tensor y = test.run(wide), y32 = test.run(x);
  const std::vector<double> expected = by_formula(test, wide, y.shape());
  CHECK(difference(numbers_of(y), expected, {1e-12, 1e-14}) == "");
  CHECK(difference(numbers_of(y32), through_float(expected), test.float32_result) == "");
}

// Integers: the formula cut towards zero, where it is finite.
void check_integers(const OpTest& test, std::size_t arguments) {
  for (const DType dtype : {uint8, int32, int64}) {
    TensorList x;
    for (std::size_t k = 0; k < arguments; ++k) {
      x.push_back(cast(whole({2, 37}, dtype == uint8 ? 0 : -4, 5, 60 + k), dtype));
    }
    CAPTURE(text_of(x));
    const Tensor y = test.run(x);
    CHECK(y.dtype() == dtype);
    const std::vector<double> expected = by_formula(test, x, y.shape()), actual = numbers_of(y);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!std::isfinite(expected[i])) continue;
      const auto cut = static_cast<std::int64_t>(expected[i]);
      CHECK(actual[i] == static_cast<double>(dtype == uint8 ? cut & 255 : cut));
    }
  }
}

void check_results(const OpTest& test, const TensorList& x) {
  const TensorList narrow = cast_all(x, float32);
  const Tensor y = test.run(cast_all(narrow, float64)), y32 = test.run(narrow);
  CHECK(y.dtype() == float64);
  CHECK(y32.dtype() == float32);
  CHECK(y.shape() == y32.shape());
  CHECK(difference(numbers_of(y32), through_float(numbers_of(y)), test.float32_result) == "");
  for (const TensorList& list : {x, narrow}) {
    const Tensor plain = test.run(list);
    const Variable constant = test.run(constants_of(list));
    CHECK_FALSE(constant.requires_grad());
    CHECK(bits_of(constant.value()) == bits_of(plain));
    CHECK(bits_of(test.run(leaves_of(list)).value()) == bits_of(plain));
  }
}

void check_gradients(const OpTest& test, const TensorList& x) {
  const TensorList narrow = cast_all(x, float32);
  const Tensor dy = cast(normal(test.run(x).shape(), 99), float32);
  const Run run = run_with_gradients(test, cast_all(narrow, float64), dy),
            run32 = run_with_gradients(test, narrow, dy);
  for (std::size_t i = 0; i < run.gradients.size(); ++i) {
    CAPTURE(i);
    const Tensor &dx = run.gradients[i], &dx32 = run32.gradients[i];
    CHECK(dx.defined() == (test.differentiable != Differentiable::never));
    CHECK(dx.defined() == dx32.defined());
    if (!dx.defined() || !dx32.defined()) continue;
    CHECK(dx.shape() == x[i].shape());
    CHECK(difference(numbers_of(dx32), numbers_of(dx), test.float32_gradient) == "");
  }
}

// In bfloat16: what float32 makes of the same numbers, rounded; operations put together of others
// round in between.
void check_bfloat16(const OpTest& test, const TensorList& x) {
  const Tensor dy = cast(normal(test.run(x).shape(), 95), bfloat16);
  const TensorList narrow = cast_all(x, bfloat16);
  const Run run = run_with_gradients(test, narrow, dy);
  const Run run32 = run_with_gradients(test, cast_all(narrow, float32), dy);
  CHECK((run.result.dtype() == bfloat16 || !test.keeps_dtype));
  CHECK(bits_of(test.run(narrow)) == bits_of(run.result));
  const auto largest = [](const Tensor& t) {
    double most = 1e-3;
    for (const double value : numbers_of(t)) {
      if (std::isfinite(value)) most = std::max(most, std::fabs(value));
    }
    return most;
  };
  const auto near = [&](const Tensor& a, const Tensor& b, double more) {
    return difference(numbers_of(a), numbers_of(b), {0.02, 0.02 * largest(b) + more});
  };
  // Rules that start from the result have it rounded: 1 - y^2 is off by a step of y.
  const double step = largest(dy) / 256;
  CHECK(near(run.result, run32.result, 0) == "");
  for (std::size_t i = 0; i < run.gradients.size(); ++i) {
    CAPTURE(i);
    if (!run.gradients[i].defined() || !run32.gradients[i].defined()) continue;
    CHECK(run.gradients[i].dtype() == bfloat16);
    CHECK(near(run.gradients[i], run32.gradients[i], step) == "");
  }
}

// sum(y dy), for a second gradient; dy is fixed.
Variable weighted(const OpTest& test, const std::vector<Variable>& x, const Tensor& dy) {
  const Variable y = test.run(x);
  return sum(y * Variable(cast(dy, y.dtype()), false));
}

void check_second_gradient(const OpTest& test, const TensorList& x) {
  const Tensor dy = normal(test.run(x).shape(), 98);
  const auto recorded = [&](const std::vector<Variable>& v) {
    return gradients(weighted(test, v, dy), v, {.create_graph = true});
  };
  const std::vector<Variable> leaves = leaves_of(x);
  if (test.differentiable == Differentiable::once) {
    CHECK(complaint<ValueError>([&] { return recorded(leaves); },
                                {test.op, "cannot be differentiated again"}) == "");
    return;
  }
  const std::vector<Variable> plain = gradients(weighted(test, leaves, dy), leaves);
  const std::vector<Variable> again = recorded(leaves);
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(difference(numbers_of(again[i].value()), numbers_of(plain[i].value()), {1e-12, 1e-13}) ==
          "");
    const auto gradient = [&](const std::vector<Variable>& v) {
      const Variable dx = recorded(v)[i];
      // A sum that all arguments enter, as a gradient need not depend on any.
      Variable all = sum(dx * Variable(normal(dx.shape(), 97), false));
      for (const Variable& argument : v) all = all + sum(argument);
      return all;
    };
    CHECK(gradcheck(gradient, x).max_relative_error < 10 * test.gradcheck_error);
  }
}

void check_threads(const OpTest& test, const TensorList& x) {
  const TensorList narrow = cast_all(x, float32);
  const Tensor dy = cast(normal(test.run(x).shape(), 96), float32);
  const int before = kernels::thread_count();
  std::vector<std::vector<std::uint8_t>> all;
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    const Run run = run_with_gradients(test, narrow, dy);
    std::vector<std::uint8_t> bits = bits_of(run.result);
    for (const Tensor& dx : run.gradients) {
      if (!dx.defined()) continue;
      const auto more = bits_of(dx);
      bits.insert(bits.end(), more.begin(), more.end());
    }
    all.push_back(std::move(bits));
  }
  kernels::set_thread_count(before);
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
}

void check_dtypes(const OpTest& test, const TensorList& x) {
  const auto accepted = [&](DType dtype) {
    if (dtype == float32 || dtype == float64) return true;
    if (test.accepts == Accepts::floats) return false;
    if (is_integer(dtype)) return true;
    if (test.accepts == Accepts::numbers) return false;
    return dtype == boolean || test.accepts == Accepts::anything;
  };
  for (const DType dtype : {uint8, int32, int64, boolean, string}) {
    TensorList given;
    for (const Tensor& tensor : x) {
      given.push_back(dtype == string ? Tensor::empty(tensor.shape(), string)
                                      : cast(tensor, dtype));
    }
    CAPTURE(text_of(given));
    const std::vector<Variable> constants = constants_of(given);
    if (accepted(dtype)) {
      CHECK(bits_of(test.run(given)) == bits_of(test.run(constants).value()));
      CHECK((test.run(given).dtype() == dtype || !test.keeps_dtype));
    } else {
      const std::vector<std::string> parts = {test.op, given[0].spec().text()};
      CHECK(complaint<DTypeError>([&] { return test.run(given); }, parts) == "");
      CHECK(complaint<DTypeError>([&] { return test.run(constants); }, parts) == "");
    }
  }
  if (x.size() < 2) return;
  TensorList mixed = x;
  mixed[1] = cast(mixed[1], float32);
  CHECK(complaint<DTypeError>([&] { return test.run(mixed); },
                              {test.op, mixed[0].spec().text(), mixed[1].spec().text()}) == "");
}

}  // namespace

void check(const OpTest& test) {
  CAPTURE(test.op);
  REQUIRE_FALSE(test.inputs.empty());
  for (const TensorList& x : test.inputs) {
    CAPTURE(text_of(x));
    std::int64_t elements = 0;
    for (const Tensor& tensor : x) elements += tensor.size();
    check_results(test, x);
    if (test.formula) check_formula(test, x);
    if (test.values) {
      CHECK(difference(numbers_of(test.run(x)), test.values(x), {1e-12, 1e-13}) == "");
    }
    check_gradients(test, x);
    check_bfloat16(test, x);
    check_threads(test, x);
    if (elements > 200 || test.differentiable == Differentiable::never) continue;
    const auto run = [&](const std::vector<Variable>& v) { return test.run(v); };
    CHECK(gradcheck(run, x).max_relative_error < test.gradcheck_error);
    if (elements <= 50) check_second_gradient(test, x);
  }
  const auto sizeable = [](const TensorList& x) { return x[0].size() > 1 && x[0].size() <= 200; };
  const auto typical = std::find_if(test.inputs.begin(), test.inputs.end(), sizeable);
  if (typical == test.inputs.end()) return;
  check_dtypes(test, *typical);
  CHECK(complaint<Error>([&] { return test.run(TensorList(typical->size())); }) == "");
  if (!test.formula) return;
  check_awkward_values(test, typical->size());
  if (test.accepts != Accepts::floats) check_integers(test, typical->size());
}

Tensor normal(const Shape& shape, std::uint64_t seed, double scale) {
  return Tensor::from(normal_values<double>(shape.size(), seed, scale), shape);
}

Tensor uniform(const Shape& shape, double low, double high, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = distribution(generator);
  return Tensor::from(values, shape);
}

Tensor whole(const Shape& shape, std::int64_t low, std::int64_t high, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::uniform_int_distribution<std::int64_t> distribution(low, high);
  std::vector<double> values(static_cast<std::size_t>(shape.size()));
  for (double& value : values) value = static_cast<double>(distribution(generator));
  return Tensor::from(values, shape);
}

std::vector<TensorList> points(double low, double high) {
  std::vector<TensorList> all;
  std::uint64_t seed = 40;
  for (const Shape& shape : std::vector<Shape>{{},
                                               {1},
                                               {7},
                                               {8},
                                               {9},
                                               {17},
                                               {33},
                                               {1031},
                                               {70001},
                                               {3, 5},
                                               {0},
                                               {2, 0, 3},
                                               {2, 1, 3, 4}}) {
    all.push_back({uniform(shape, low, high, seed++)});
  }
  return all;
}

std::vector<TensorList> pairs(double low, double high) {
  std::vector<TensorList> all;
  std::uint64_t seed = 140;
  const std::vector<std::pair<Shape, Shape>> shapes = {{{}, {}},
                                                       {{1}, {1}},
                                                       {{17}, {17}},
                                                       {{3, 5}, {3, 5}},
                                                       {{3, 5}, {5}},
                                                       {{5}, {3, 5}},
                                                       {{3, 1}, {1, 5}},
                                                       {{2, 1, 4}, {3, 1}},
                                                       {{4}, {}},
                                                       {{}, {4}},
                                                       {{0}, {1}},
                                                       {{2, 0}, {2, 1}},
                                                       {{0, 3}, {0, 3}},
                                                       {{70001}, {70001}},
                                                       {{40, 33}, {33}},
                                                       {{40, 33}, {40, 1}},
                                                       {{2, 3, 4}, {2, 1, 4}}};
  for (const auto& [a, b] : shapes) {
    const Tensor left = uniform(a, low, high, seed++);
    all.push_back({left, uniform(b, low, high, seed++)});
  }
  return all;
}

std::vector<double> gradient_of(const std::function<Variable(const Variable&)>& f,
                                const Tensor& x) {
  const Variable leaf(cast(x, float64));
  sum(f(leaf)).backward();
  return numbers_of(leaf.grad());
}

std::vector<std::uint8_t> bits_of(const Tensor& x) {
  if (x.dtype() == string) {
    std::vector<std::uint8_t> bytes;
    for (const std::string& text : x.strings()) {
      bytes.insert(bytes.end(), text.begin(), text.end());
      bytes.push_back(0);
    }
    return bytes;
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(x.bytes()));
  if (!bytes.empty()) std::memcpy(bytes.data(), x.raw(), bytes.size());
  return bytes;
}

}  // namespace keratin::tests
