#include "nn/loss.h"

#include <limits>

#include "autograd/ops.h"
#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/circle.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "tensor/compare.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

Variable constant(const Shape& shape, DType dtype = float32, double value = 0.5) {
  return Variable(full(shape, value, dtype), false);
}
double value_of(const Variable& v) { return v.value().item<double>(); }

TEST_CASE("losses: targets that do not fit are refused, not broadcast") {
  struct Row {
    const char* loss;
    Shape y_true, y_pred;
    const char* message;
  };
  const Row rows[] = {
      {"mse", {8, 1}, {8, 10}, "mean_squared_error: targets are f32[8, 1], predictions f32[8, 10]"},
      {"mse", {8}, {8, 10}, "targets are f32[8], predictions f32[8, 10]"},
      {"mse", {4, 2}, {8, 2}, "must be the same"},
      {"mse", {2, 8}, {8, 2}, "must be the same"},
      {"mae", {8, 1}, {8, 10}, "mean_absolute_error: targets are f32[8, 1]"},
      {"bce", {8}, {8, 2}, "binary_crossentropy: targets are f32[8]"},
      {"categorical_crossentropy", {8}, {8, 10}, "use sparse_categorical_crossentropy"},
      {"categorical_crossentropy", {8, 1}, {8, 10}, "use sparse_categorical_crossentropy"},
      {"categorical_crossentropy", {8, 9}, {8, 10}, "their shapes must be the same"},
      {"sparse_categorical_crossentropy", {8, 10}, {8, 10}, "use categorical_crossentropy"},
      {"sparse_categorical_crossentropy", {4}, {8, 10}, "expected one class number a prediction"},
      {"sparse_categorical_crossentropy", {8}, {}, "no axis of classes"},
      {"ctc", {8}, {8, 6, 4}, "ctc: targets are f32[8], predictions f32[8, 6, 4]"},
      {"ctc", {8, 3}, {8, 4}, "expected [batch, labels] and [batch, steps, classes]"},
      {"ctc", {7, 3}, {8, 6, 4}, "targets are f32[7, 3]"},
      {"ctc", {8, 3}, {8, 0, 4}, "at least one step"},
      {"circle", {8, 2}, {8, 4}, "circle: class numbers are f32[8, 2], embeddings f32[8, 4]"},
      {"circle", {7}, {8, 4}, "class numbers are f32[7]"},
      {"circle", {8}, {8}, "expected [batch] or [batch, 1], and [batch, size]"},
      {"circle", {8}, {8, 4, 2}, "embeddings f32[8, 4, 2]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.loss);
    CAPTURE(row.message);
    const Variable y_true = constant(row.y_true, float32, 1), y_pred = constant(row.y_pred);
    CHECK_THROWS_WITH_AS(LossRef(row.loss)(y_true, y_pred), doctest::Contains(row.message),
                         ShapeError);
  }
  // What does fit: a trailing axis of 1 on either side.
  for (const char* name : {"mse", "mae", "bce"}) {
    const LossRef loss = name;
    CHECK_NOTHROW(loss(constant({8}), constant({8, 1})));
    CHECK_NOTHROW(loss(constant({8, 1}), constant({8})));
  }
}

TEST_CASE("losses: class numbers out of range, or no whole numbers") {
  const LossRef loss = "sparse_categorical_crossentropy";
  const Variable y_pred(Tensor::from(normal_values(6, 1), {2, 3}));
  const auto with = [&](std::initializer_list<double> labels, DType dtype) {
    return loss(Variable(Tensor::numbers(labels, {2}, dtype), false), y_pred);
  };
  CHECK_THROWS_WITH_AS(with({0, 3}, int32), doctest::Contains("label 3 of sample 1"), ValueError);
  CHECK_THROWS_WITH_AS(with({0, 3}, int32), doctest::Contains("expected 0 to 2"), ValueError);
  CHECK_THROWS_AS(with({-1, 0}, int64), ValueError);
  CHECK_THROWS_AS(with({255, 0}, uint8), ValueError);
  CHECK_THROWS_WITH_AS(with({0, 1.5}, float32), doctest::Contains("target 1 is 1.5"), ValueError);
  CHECK_THROWS_AS(with({std::nan(""), 1}, float32), ValueError);
  CHECK_THROWS_AS(with({1e30, 1}, float64), ValueError);
  CHECK_THROWS_AS(with({std::numeric_limits<double>::infinity(), 1}, float32), ValueError);
  for (const DType dtype : {uint8, int32, int64, float32, float64})
    CHECK_NOTHROW(with({2, 1}, dtype));
  // An ignored class may be any number.
  const LossRef ignoring = losses::SparseCategoricalCrossentropy({.ignore_class = 255});
  CHECK_NOTHROW(ignoring(Variable(Tensor::numbers({255, 1}, {2}, int32), false), y_pred));
  CHECK_THROWS_AS(ignoring(Variable(Tensor::numbers({254, 1}, {2}, int32), false), y_pred),
                  ValueError);
}

TEST_CASE("losses: labels of sequences that no alignment can read as") {
  const Variable y_pred(Tensor::from(normal_values(24, 1), {2, 3, 4}));
  const auto with = [&](std::initializer_list<double> labels, DType dtype) {
    const auto most = static_cast<std::int64_t>(labels.size()) / 2;
    return LossRef("ctc")(Variable(Tensor::numbers(labels, {2, most}, dtype), false), y_pred);
  };
  CHECK_THROWS_WITH_AS(with({1, 2, 3, 4}, int32), doctest::Contains("label 1 of sample 1 is 4"),
                       ValueError);
  CHECK_THROWS_WITH_AS(with({1, 2.5, 3, 0}, float32), doctest::Contains("target 1 is 2.5"),
                       ValueError);
  CHECK_THROWS_WITH_AS(with({0, 2, 3, 0}, int64), doctest::Contains("and labels follow"),
                       ValueError);
  CHECK_THROWS_WITH_AS(with({1, 2, 3, 2, 1, 0, 0, 0}, uint8),
                       doctest::Contains("sample 0 has 4 labels"), ValueError);
  CHECK_THROWS_AS(with({1e30, 1}, float64), ValueError);
  for (const DType dtype : {uint8, int32, int64, float32, float64})
    CHECK(std::isfinite(value_of(with({1, 2, 0, 0, 0, 3, 3, 0, 0, 0}, dtype))));
  CHECK_THROWS_WITH_AS(LossRef("circle")(constant({3}), constant({3, 2})),
                       doctest::Contains("target 0 is 0.5"), ValueError);
}

TEST_CASE("losses: circle against embeddings beside the batch") {
  // The batch itself beside it, every pair but a sample with itself: the loss of the batch.
  const Tensor classes = Tensor::numbers({0, 1, 0, 1, 0}, {5}, int32);
  const Variable x(Tensor::from(normal_values<double>(10, 4), {5, 2}));
  const losses::CircleOptions options{.gamma = 3, .reduction = "none"};
  const Tensor alone = losses::Circle(options)(classes, x).value();
  const Variable beside = losses::circle(classes, x, classes.reshaped({5, 1}), x, options);
  CHECK(difference(beside.value().to_vector<double>(), alone.to_vector<double>(), {0, 0}) == "");
  // Of any number.
  CHECK(losses::circle(classes, x, Tensor::numbers({1, 0}, {2}, int32), constant({2, 2}, float64))
            .shape() == Shape{5});
  CHECK_THROWS_WITH_AS(losses::circle(classes, x, Tensor::numbers({1, 0}, {2}, int32), x),
                       doctest::Contains("class numbers are i32[2]"), ShapeError);
  // One class, or one sample a class: nothing to compare, and no NaN.
  for (const Tensor& same : {zeros({5}, int32), Tensor::numbers({0, 1, 2, 3, 4}, {5}, int32)}) {
    const Variable p(x.value());
    const Variable loss = losses::Circle()(same, p);
    CHECK(value_of(loss) == 0);
    loss.backward();
    CHECK(max_abs_difference(p.grad(), zeros({5, 2}, float64)) == 0);
  }
}

TEST_CASE("losses: sample weights that do not fit") {
  const LossRef loss = "mse";
  const Variable a = constant({4, 3, 2}), b = constant({4, 3, 2}, float32, 0.25);  // values [4, 3]
  for (const Shape& fits : {Shape{4}, Shape{4, 1}, Shape{4, 3}, Shape{4, 3, 1}}) {
    CAPTURE(fits.text());
    CHECK(value_of(loss(a, b, ones(fits))) == 0.0625);
    CHECK(value_of(loss(a, b, zeros(fits))) == 0);
    CHECK(value_of(loss(a, b, full(fits, 2, int32))) == 0.125);
  }
  for (const Shape& wrong :
       {Shape{3}, Shape{1}, Shape{1, 3}, Shape{3, 4}, Shape{4, 2}, Shape{}, Shape{4, 3, 2}}) {
    CAPTURE(wrong.text());
    CHECK_THROWS_WITH_AS(loss(a, b, ones(wrong)), doctest::Contains("sample_weight is f32["),
                         ShapeError);
  }
}

TEST_CASE("losses: NaN comes out where NaN goes in") {
  Tensor p = full({2, 3}, 0.25);
  p.mutable_data<float>()[4] = std::numeric_limits<float>::quiet_NaN();
  const Variable classes(Tensor::numbers({0, 1}, {2}, int32), false), y = constant({2, 3});
  for (const char* name : {"mse", "mae", "bce", "categorical_crossentropy"}) {
    CAPTURE(name);
    CHECK(std::isnan(value_of(LossRef(name)(y, Variable(p)))));
    CHECK(std::isnan(value_of(LossRef(name)(Variable(p, false), y))));
  }
  CHECK(std::isnan(value_of(LossRef("sparse_categorical_crossentropy")(classes, Variable(p)))));
}

TEST_CASE("losses: a loss object is that loss, not a function that gives one value") {
  const Variable a = constant({4, 2}), b = constant({4, 2}, float32, 1);
  const losses::MeanSquaredError mse({.reduction = "none", .name = "mine"});
  const LossRef loss = mse;
  CHECK(loss.name() == "mine");
  CHECK(loss(a, b).shape() == Shape{4});
  CHECK(LossRef("mse").name() == "mean_squared_error");
  CHECK(LossRef(losses::SparseCategoricalCrossentropy()).name() ==
        "sparse_categorical_crossentropy");

  const LossRef largest = [](const Variable& y_true, const Variable& y_pred) {
    return max(abs(y_true - y_pred), {.axis = -1});
  };
  CHECK(largest.per_sample(a, b).shape() == Shape{4});
  CHECK(value_of(largest(a, b)) == 0.5);
  CHECK(value_of(largest(a, b, Tensor::numbers({1, 1, 0, 0}))) == 0.25);
}

TEST_CASE("losses: nothing given, and options out of range") {
  const Variable v = constant({2, 2});
  CHECK_FALSE(LossRef().given());
  CHECK(LossRef().name().empty());
  CHECK_THROWS_AS(LossRef()(v, v), ValueError);
  CHECK_THROWS_WITH_AS(LossRef("mse")(Variable(), v), doctest::Contains("no targets were given"),
                       ValueError);
  for (const double wrong : {-0.1, 1.5, std::nan("")}) {
    CHECK_THROWS_AS(losses::BinaryCrossentropy({.label_smoothing = wrong}), ValueError);
    CHECK_THROWS_AS(losses::CategoricalCrossentropy({.label_smoothing = wrong}), ValueError);
  }
  CHECK_THROWS_AS(losses::SparseCategoricalCrossentropy({.axis = 1}), ValueError);
  CHECK_THROWS_AS(losses::MeanSquaredError({.reduction = "average"}), ValueError);
  CHECK_THROWS_AS(losses::CategoricalCrossentropy({.axis = 2})(v, v), ShapeError);
}

TEST_CASE("losses: a mean with weights weighs samples, however many values they have") {
  // Four samples of three values; the weights stand for the sample, or for each of its values.
  const Variable y = constant({4, 3, 1}, float64, 0);
  const Variable p(Tensor::from(normal_values<double>(12, 3), {4, 3, 1}));
  const LossRef loss = losses::MeanSquaredError({.reduction = "mean_with_sample_weight"});
  const Tensor by_sample = Tensor::numbers({1, 0, 2, 0.5}, {4, 1}, float64);
  const Tensor by_value = by_sample + zeros({4, 3}, float64);
  CHECK(value_of(loss(y, p, by_sample)) == doctest::Approx(value_of(loss(y, p, by_value))));
  CHECK(value_of(loss(y, p, zeros({4}, float64))) == 0);  // no weight at all: 0, not NaN
}

}  // namespace
}  // namespace keratin::tests
