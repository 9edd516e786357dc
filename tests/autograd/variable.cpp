#include "autograd/variable.h"

#include "autograd/ops.h"
#include "tensor/cast.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("variable: a leaf has values of its own, a constant shares them") {
  const Tensor x = Tensor::numbers({1, 2});
  Variable a(x), b(x);
  a.assign(5);
  CHECK(numbers_of(x) == std::vector<double>{1, 2});
  CHECK(numbers_of(b.value()) == std::vector<double>{1, 2});
  CHECK(Variable(x, false).value().shares_storage_with(x));
  // What nobody else holds is taken over.
  Tensor y = zeros({3});
  const void* bytes = y.raw();
  CHECK(Variable(std::move(y)).value().raw() == bytes);
}

TEST_CASE("variable: what collects a gradient") {
  const Tensor x = Tensor::numbers({1, 2});
  const Variable leaf(x), constant(x, false);
  CHECK((leaf.requires_grad() && leaf.is_leaf()));
  CHECK((!constant.requires_grad() && constant.is_leaf()));
  const Variable y = leaf * constant;
  CHECK((y.requires_grad() && !y.is_leaf()));
  CHECK_FALSE((constant * constant).requires_grad());
  CHECK_FALSE(y.detach().requires_grad());
  CHECK(y.detach().value().shares_storage_with(y.value()));
  Variable frozen(x);
  frozen.set_requires_grad(false);
  CHECK_FALSE((frozen * 2).requires_grad());
  CHECK(complaint<ValueError>(
            [&] {
              Variable(y).set_requires_grad(false);
              return 0;
            },
            {"set_requires_grad", "multiply"}) == "");
  CHECK(complaint<DTypeError>([] { return Variable(zeros({2}, int32)); }, {"i32[2]"}) == "");
  CHECK(complaint<DTypeError>(
            [] {
              Variable(zeros({2}, int32), false).set_requires_grad(true);
              return 0;
            },
            {"i32[2]"}) == "");
}

TEST_CASE("variable: one that was never set") {
  const Variable none;
  CHECK_FALSE(none.defined());
  CHECK_FALSE(none.requires_grad());
  CHECK_FALSE(none.detach().defined());
  CHECK_FALSE(Variable(Tensor()).defined());
  CHECK(complaint<ValueError>([&] { return none.value(); }, {"never set"}) == "");
  CHECK(complaint<ValueError>([&] { return none.shape(); }, {"never set"}) == "");
  CHECK(complaint<ValueError>([&] { return none + 1; }, {"never set"}) == "");
  CHECK(complaint<Error>([&] { return none + Variable(zeros({2})); }) == "");
  CHECK(complaint<ValueError>(
            [&] {
              none.backward();
              return 0;
            },
            {"backward"}) == "");
}

TEST_CASE("variable: assign and assign_add work in place and convert") {
  Variable v(Tensor::numbers({1, 2}));
  const Tensor seen = v.value();
  v.assign(Tensor::numbers({3, 4}, {2}, int64));
  CHECK(numbers_of(seen) == std::vector<double>{3, 4});
  v.assign_add(Tensor::numbers({1, -1}, {2}, float64));
  CHECK(numbers_of(seen) == std::vector<double>{4, 3});
  v.assign_add(0.5);
  CHECK(numbers_of(seen) == std::vector<double>{4.5, 3.5});
  v.assign_add(std::int64_t{2});
  CHECK(numbers_of(seen) == std::vector<double>{6.5, 5.5});
  v.assign_add(v.value());
  CHECK(numbers_of(seen) == std::vector<double>{13, 11});
  v.assign(0);
  CHECK(numbers_of(seen) == std::vector<double>{0, 0});
  CHECK(v.dtype() == float32);
  Variable count(zeros({}, int64), false);
  count.assign_add(7);
  CHECK(count.value().item<std::int64_t>() == 7);
}

TEST_CASE("variable: assign's errors name what was given") {
  Variable v(zeros({2, 3}));
  v.set_name("kernel");
  CHECK(v.name() == "kernel");
  for (const Shape& shape : std::vector<Shape>{{3}, {2, 1}, {3, 2}, {}}) {
    CHECK(complaint<ShapeError>(
              [&] {
                v.assign(ones(shape));
                return 0;
              },
              {"assign", "kernel", "f32[2, 3]", shape.text()}) == "");
    CHECK(complaint<ShapeError>(
              [&] {
                v.assign_add(ones(shape));
                return 0;
              },
              {"assign_add", "f32[2, 3]", shape.text()}) == "");
  }
  CHECK(complaint<Error>([&] {
          v.assign(Tensor());
          return 0;
        }) == "");
  CHECK(complaint<DTypeError>([&] {
          v.assign(Tensor::empty({2, 3}, string));
          return 0;
        }) == "");
  CHECK(numbers_of(v.value()) == std::vector<double>(6, 0));
  Variable computed = v * 2;
  CHECK(complaint<ValueError>(
            [&] {
              computed.assign(1);
              return 0;
            },
            {"assign", "multiply"}) == "");
  CHECK(complaint<ValueError>(
            [&] {
              computed.assign_add(1);
              return 0;
            },
            {"assign_add"}) == "");
}

TEST_CASE("variable: grad is the leaf's own, and adds up") {
  const Variable a(Tensor::numbers({1, 2})), b(Tensor::numbers({3, 4}));
  CHECK_FALSE(a.grad().defined());
  Tensor dy = Tensor::numbers({10, 20});
  (a + b).backward(dy);  // one gradient for both
  CHECK_FALSE(a.grad().shares_storage_with(b.grad()));
  CHECK_FALSE(a.grad().shares_storage_with(dy));
  const Tensor kept = a.grad();
  (a + b).backward(dy);
  CHECK(numbers_of(a.grad()) == std::vector<double>{20, 40});
  CHECK(numbers_of(kept) == std::vector<double>{10, 20});
  Variable c = a;
  CHECK(c.is(a));
  c.clear_grad();
  CHECK_FALSE(a.grad().defined());
  c.set_grad(Tensor::numbers({7, 8}));
  CHECK(numbers_of(a.grad()) == std::vector<double>{7, 8});
  CHECK(complaint<ShapeError>(
            [&] {
              c.set_grad(zeros({3}));
              return 0;
            },
            {"set_grad", "f32[3]", "f32[2]"}) == "");
  CHECK(complaint<DTypeError>(
            [&] {
              c.set_grad(zeros({2}, float64));
              return 0;
            },
            {"set_grad", "f64[2]", "f32[2]"}) == "");
  CHECK(complaint<ValueError>(
            [&] {
              c.set_grad(Tensor());
              return 0;
            },
            {"set_grad"}) == "");
}

TEST_CASE("variable: NoGrad nests") {
  CHECK(grad_enabled());
  const Variable x(zeros({2}));
  {
    const NoGrad outer;
    {
      const NoGrad inner;
      CHECK_FALSE(grad_enabled());
    }
    CHECK_FALSE(grad_enabled());
    CHECK_FALSE((x + 1).requires_grad());
  }
  CHECK((x + 1).requires_grad());
}

}  // namespace keratin::tests
