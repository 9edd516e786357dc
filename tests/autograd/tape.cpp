#include "autograd/tape.h"

#include <thread>

#include "autograd/op.h"
#include "autograd/ops.h"
#include "kernels/parallel.h"
#include "tensor/cast.h"
#include "tests/ops/harness.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<double>;

}  // namespace

TEST_CASE("tape: gradients of shared and repeated use add up") {
  const Variable x(Tensor::numbers({1, 2, 3}));
  const Variable y = x * x + x;  // dy/dx = 2 x + 1
  sum(y).backward();
  CHECK(numbers_of(x.grad()) == Numbers{3, 5, 7});
  sum(x * 2.0).backward();  // adds to what is there
  CHECK(numbers_of(x.grad()) == Numbers{5, 7, 9});
}

TEST_CASE("tape: a variable used 10,000 times") {
  const Variable x(Tensor::numbers({1, 2}));
  const Variable shared = x * 1.0;
  Variable total = shared + shared;
  for (int i = 0; i < 4999; ++i) total = total + (shared + x);
  total.backward(ones({2}));
  CHECK(numbers_of(x.grad()) == Numbers{10'000, 10'000});
}

TEST_CASE("tape: a diamond is gone through once") {
  // 2^40 ways lead from the end to x.
  const Variable x(Tensor::numbers({1}, {1}, float64));
  Variable y = x;
  for (int i = 0; i < 40; ++i) y = y + y;
  y.backward();
  CHECK(x.grad().item<double>() == 0x1p40);
}

TEST_CASE("tape: a chain of 100,000 operations unwinds without recursion") {
  constexpr int kLength = 100'000;
  const Variable x(Tensor::numbers({1}));
  Variable y = x;
  for (int i = 0; i < kLength; ++i) y = y + 1.0;
  y.backward({.retain_graph = true});
  CHECK(x.grad().item<double>() == 1);
  y.backward();
  CHECK(x.grad().item<double>() == 2);
  Variable z = x;
  for (int i = 0; i < kLength; ++i) z = negative(z);
  z = Variable();  // taken down without a backward
  Variable w = x;
  for (int i = 0; i < kLength; ++i) w = w * x;
  const Variable dx = gradients(w, {x}, {.create_graph = true})[0];
  CHECK(dx.value().item<double>() == kLength + 1);
  // What losses look behind softmax for is a chain too.
  Variable behind = x * 1.0;
  for (int i = 0; i < kLength; ++i) {
    const Variable next(ones({1}), false);
    next.impl()->scores = behind.impl();
    behind = next;
  }
}

TEST_CASE("tape: a second backward needs retain_graph, and changes nothing without") {
  const Variable x(Tensor::numbers({2})), w(Tensor::numbers({3}));
  const Variable trunk = exp(x);
  const Variable first = trunk * 1.0, second = trunk * w;
  first.backward({.retain_graph = true});
  first.backward();
  const auto again = [&] {
    second.backward();
    return 0;
  };
  CHECK(complaint<ValueError>(again, {"exp", "retain_graph"}) == "");
  CHECK_FALSE(w.grad().defined());  // though its way there was free
}

TEST_CASE("tape: what was saved must not change before backward") {
  Variable x(Tensor::numbers({2})), w(Tensor::numbers({3}));
  const Variable y = x * x + w;
  x.assign(3.0);
  CHECK(complaint<ValueError>(
            [&] {
              y.backward();
              return 0;
            },
            {"multiply", "changed in place"}) == "");
  CHECK_FALSE(w.grad().defined());
  // A rule that reads nothing does not mind.
  Variable u(Tensor::numbers({2}));
  const Variable v = u + 1.0;
  u.assign(5.0);
  v.backward();
  CHECK(u.grad().item<double>() == 1);
  // Results are saved as well.
  const Variable e = exp(u);
  Tensor handle = e.value();
  handle.copy_from(zeros({1}));
  CHECK(complaint<ValueError>(
            [&] {
              e.backward();
              return 0;
            },
            {"exp", "changed in place"}) == "");
}

TEST_CASE("tape: only what rules read is kept") {
  const std::int64_t n = 1 << 20, one = n * 4;
  const Variable x(zeros({n}));
  const auto growth = [&](auto step) {
    const std::int64_t before = memory_stats().bytes_in_use;
    Variable y = x;
    for (int i = 0; i < 10; ++i) y = step(y);
    return (memory_stats().bytes_in_use - before) / one;
  };
  CHECK(growth([](const Variable& v) { return v + 1.0; }) == 1);   // the result
  CHECK(growth([](const Variable& v) { return relu(v); }) == 10);  // each result
  CHECK(growth([](const Variable& v) { return sin(v); }) == 10);   // inputs but x, and the result
  const std::int64_t before = memory_stats().bytes_in_use;
  Variable y = exp(exp(x));
  y.backward(ones({n}));  // frees as it goes: y itself and the gradient stay
  CHECK((memory_stats().bytes_in_use - before) / one == 2);
}

TEST_CASE("tape: gradients of gradients") {
  const Variable x(Tensor::numbers({2}, {1}, float64));
  const Variable y = x * x * x;
  const std::vector<Variable> dx = gradients(y, {x}, {.create_graph = true});  // 3 x^2
  CHECK(dx[0].value().item<double>() == doctest::Approx(12));
  const std::vector<Variable> dxx = gradients(dx[0], {x}, {.create_graph = true});  // 6 x
  CHECK(dxx[0].value().item<double>() == doctest::Approx(12));
  CHECK(gradients(dxx[0], {x})[0].value().item<double>() == doctest::Approx(6));
  const std::vector<Variable> of_tanh = gradients(tanh(x), {x}, {.create_graph = true});
  const double t = std::tanh(2.0);
  CHECK(gradients(of_tanh[0], {x})[0].value().item<double>() ==
        doctest::Approx(-2 * t * (1 - t * t)));
  CHECK_FALSE(x.grad().defined());  // gradients() leaves it alone
  // A penalty on a gradient, as in a training step.
  const Variable penalty = square(gradients(exp(x), {x}, {.create_graph = true})[0]);  // e^2x
  penalty.backward();
  CHECK(x.grad().item<double>() == doctest::Approx(2 * std::exp(4.0)));
}

TEST_CASE("tape: gradients() by several inputs") {
  const Variable a(Tensor::numbers({2})), b(Tensor::numbers({5})), unused(Tensor::numbers({1}));
  for (const bool create_graph : {false, true}) {
    const Variable y = a * a * b;
    const auto found = gradients(y, {a, b, a, unused}, {.create_graph = create_graph});
    CHECK(found[0].value().item<double>() == 20);
    CHECK(found[1].value().item<double>() == 4);
    CHECK(found[2].value().item<double>() == 20);
    CHECK_FALSE(found[3].defined());
    CHECK(found[0].requires_grad() == create_graph);
  }
  CHECK(gradients(a, {a})[0].value().item<double>() == 1);  // a leaf by itself
  const Variable y = a * b;
  CHECK(complaint<ValueError>([&] { return gradients(y, {y}); }, {"gradients", "leaves"}) == "");
  CHECK(complaint<ValueError>([&] { return gradients(y, {Variable()}); }, {"gradients"}) == "");
  CHECK(complaint<ValueError>([&] { return gradients(y, {Variable(ones({1}), false)}); },
                              {"gradients", "constants"}) == "");
  CHECK(complaint<ValueError>([&] { return gradients(Variable(ones({1}), false), {a}); }) == "");
}

TEST_CASE("tape: NoGrad and constants record nothing") {
  const Variable x(Tensor::numbers({1, 2}));
  const Tensor c = Tensor::numbers({3, 4});
  const Variable y = x * c;
  y.backward(ones({2}));
  CHECK(numbers_of(x.grad()) == Numbers{3, 4});
  const auto of_constant = [&] {
    sum(Variable(c, false)).backward();
    return 0;
  };
  CHECK(complaint<ValueError>(of_constant, {"requires a gradient"}) == "");
  const auto unrecorded = [&] {
    const NoGrad guard;
    sum(x * 2.0).backward();
    return 0;
  };
  CHECK(complaint<ValueError>(unrecorded, {"NoGrad"}) == "");
  // Frozen after it was used: nothing is collected.
  Variable w(Tensor::numbers({1, 1}));
  const Variable z = x * w;
  w.set_requires_grad(false);
  z.backward(ones({2}));
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("tape: errors name what was given") {
  const Variable x(Tensor::numbers({1, 2}));
  const auto backward = [&](const Tensor& dy) {
    return [&x, dy] {
      x.backward(dy);
      return 0;
    };
  };
  CHECK(complaint<ShapeError>(
            [&] {
              x.backward();
              return 0;
            },
            {"f32[2] has more than one element"}) == "");
  CHECK(complaint<ShapeError>(backward(ones({3})), {"backward", "f32[3]", "f32[2]"}) == "");
  CHECK(complaint<DTypeError>(backward(ones({2}, float64)), {"f64[2]", "f32[2]"}) == "");
  CHECK(complaint<ValueError>(backward(Tensor()), {"backward"}) == "");
  const auto graph = [&] {
    sum(x * 1).backward({.create_graph = true});
    return 0;
  };
  CHECK(complaint<ValueError>(graph, {"create_graph", "gradients("}) == "");
  CHECK(complaint<ShapeError>([&] { return x + Variable(zeros({3})); }, {"[2]", "[3]"}) == "");
}

TEST_CASE("tape: backward of a leaf itself") {
  const Variable x(Tensor::numbers({1, 2}));
  const Tensor dy = Tensor::numbers({3, 4});
  x.backward(dy);
  CHECK(numbers_of(x.grad()) == Numbers{3, 4});
  CHECK_FALSE(x.grad().shares_storage_with(dy));
}

namespace {

// A gradient rule that forgets to undo broadcasting.
struct Careless {
  using Args = NoArgs;
  static constexpr std::string_view name = "careless";
  static constexpr Keep keep{};
  static Spec infer(const Spec& x, Args) { return {{2, x.shape[0]}, x.dtype, x.device}; }
  static void cpu(const Tensor& x, Tensor& y, Args) { y.copy_from(stack({x, x})); }
  static auto gradient(const auto&, Args, const auto& dy) { return grads(dy); }
};

// Several layers on tensors that are large enough for threads.
std::vector<std::uint8_t> training_step_bits() {
  const Variable w(cast(normal({300, 270}, 1, 0.1), float32)), b(cast(normal({270}, 2), float32)),
      v(cast(normal({270, 10}, 3, 0.1), float32));
  const Tensor x = cast(normal({512, 300}, 4), float32);
  const Tensor labels = cast(whole({512}, 0, 9, 5), int32);
  const Variable h = dropout(tanh(matmul(x, w) + b), 0.2, {1, 2});
  mean(sparse_softmax_cross_entropy(matmul(h, v) * 2 + sum(h), labels)).backward();
  std::vector<std::uint8_t> bits;
  for (const Variable& leaf : {w, b, v}) {
    const auto more = bits_of(leaf.grad());
    bits.insert(bits.end(), more.begin(), more.end());
  }
  return bits;
}

}  // namespace

TEST_CASE("tape: a gradient of the wrong shape is caught") {
  const Variable x(Tensor::numbers({1, 2, 3}));
  const Variable y = apply<Careless>({}, x);
  CHECK(complaint<Error>(
            [&] {
              y.backward(ones({2, 3}));
              return 0;
            },
            {"careless", "f32[2, 3]", "f32[3]"}) == "");
}

TEST_CASE("tape: the same bits on any number of threads") {
  const int before = kernels::thread_count();
  std::vector<std::vector<std::uint8_t>> all;
  for (const int threads : {1, 2, 4}) {
    kernels::set_thread_count(threads);
    all.push_back(training_step_bits());
  }
  kernels::set_thread_count(before);
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
}

TEST_CASE("tape: one record a thread, side by side") {
  const std::vector<std::uint8_t> alone = training_step_bits();
  std::vector<std::vector<std::uint8_t>> found(4);
  {
    std::vector<std::jthread> threads;
    for (auto& bits : found) threads.emplace_back([&bits] { bits = training_step_bits(); });
  }
  for (const auto& bits : found) CHECK(bits == alone);
}

TEST_CASE("tape: a record may outlive the thread and main") {
  static Variable survivor;  // taken down at exit, after what is local to the thread
  std::jthread([] {
    Variable y(ones({1}));
    for (int i = 0; i < 1000; ++i) y = y + 1.0;
    survivor = y;
  }).join();
  CHECK(survivor.value().item<double>() == 1001);
}

}  // namespace keratin::tests
