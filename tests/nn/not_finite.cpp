// A loss that is not finite: what fit and TerminateOnNaN say of it.
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "keratin.h"
#include "nn/seed_generator.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
using layers::Dense;
using layers::Lambda;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
const Tensor kX = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
const Tensor kY = Tensor::numbers({0.1, 0.2, 0.3, 0.4}, {4, 1});

Dense dense(const char* name, std::int64_t units = 1, const char* kernel = "ones") {
  return Dense({.units = units, .kernel_initializer = kernel, .name = name});
}
// The logarithm of minus x: NaN for the inputs of these tests.
Lambda impossible(const char* name) {
  return Lambda({.function = [](const Variable& x) { return log(-x); }, .name = name});
}

// What is said of the first step; "" where all goes well.
std::string told(Model& model, const Tensor& x = kX, const Tensor& y = kY) {
  if (!model.compiled()) model.compile({.optimizer = "sgd", .loss = "mse"});
  try {
    model.fit(x, y,
              {.batch_size = 4,
               .verbose = 0,
               .callbacks = {callbacks::TerminateOnNaN({.raise_error = true})},
               .shuffle = false});
  } catch (const ValueError& error) {
    return error.what();
  }
  return "";
}

class Subclassed : public Model {
 public:
  Variable call(const Variable& x, CallContext) override { return last_(first_(x)); }

 private:
  LayerRef first_ = track(dense("first", 2)), last_ = track(impossible("last"));
};

// A model whose layers no call() knows.
class OwnStep final : public Model {
 public:
  explicit OwnStep(bool with_compute_loss) : with_compute_loss_(with_compute_loss) {}
  Tensors train_step(const Example& batch) override {
    const Variable y = log(-dense_(batch.x));
    Variable loss;
    if (with_compute_loss_) {
      loss = compute_loss(batch.x, batch.y, y);
    } else {
      loss = mean(y);
    }
    loss_tracker().update_state(loss.value());
    return compute_metrics(batch.x, batch.y, y);
  }

 private:
  bool with_compute_loss_;
  LayerRef dense_ = track(dense("inside"));
};

}  // namespace

TEST_CASE("not finite: fit names the first layer whose output was not") {
  const auto made = [] {
    const SymbolicTensor in = Input({.shape = {2}});
    return Model(in, dense("after", 2)(impossible("logarithm")(dense("before", 2)(in))), "inner");
  };
  Model inner = made();
  CHECK(told(inner, kX, kX) ==
        "TerminateOnNaN, on_train_batch_end: TerminateOnNaN: the loss of batch 0 is nan: first not "
        "finite was the output of Lambda \"logarithm\" (8 of the 8 values of f32[4, 2] are NaN)");

  Sequential nested({Input({.shape = {2}}), made(), dense("head")});
  CHECK(
      told(nested) ==
      "TerminateOnNaN, on_train_batch_end: TerminateOnNaN: the loss of batch 0 is nan: first not "
      "finite was the output of Lambda \"logarithm\" in Functional \"inner\" (8 of the 8 values of "
      "f32[4, 2] are NaN)");

  Subclassed own;
  CHECK_MESSAGE(told(own, kX, kX).find("output of Lambda \"last\" (8 of") != std::string::npos,
                told(own, kX, kX));

  Sequential fine({Input({.shape = {2}}), dense("fine")});
  CHECK(told(fine) == "");
}

TEST_CASE("not finite: a weight, the input, the loss") {
  Sequential model({Input({.shape = {2}}), dense("first", 2), dense("second")});
  std::vector<Tensor> weights = model.get_weights();
  weights[2].mutable_data<float>()[1] = kNaN;
  model.set_weights(weights);
  CHECK(
      doctest::String(told(model).c_str()) ==
      Contains("output of Dense \"second\" (4 of the 4 values of f32[4, 1] are NaN), as the weight "
               "\"kernel\" of Dense \"second\" was not finite before this step (1 of the 2 values "
               "of f32[2, 1] is NaN)"));

  Tensor x = kX.copy();
  x.mutable_data<float>()[3] = kInfinity;
  Sequential other({Input({.shape = {2}}), dense("first")});
  CHECK(doctest::String(told(other, x).c_str()) ==
        Contains("the batch itself is not: x: 1 of the 8 values of f32[4, 2] is infinite"));

  Sequential lossy({Input({.shape = {2}}), dense("first")});
  lossy.compile({.optimizer = "sgd",
                 .loss = [](const Variable& y, const Variable& p) { return log(-abs(p - y)); }});
  CHECK(doctest::String(told(lossy).c_str()) == Contains("it comes from the loss function"));
}

TEST_CASE("not finite: training steps of one's own") {
  OwnStep with(true), without(false);
  CHECK(doctest::String(told(with).c_str()) ==
        Contains("the model's output is not: 4 of the 4 values of f32[4, 1] are NaN"));
  CHECK(doctest::String(told(without).c_str()) == Contains("without compute_loss"));
}

TEST_CASE("not finite: looking changes nothing, and sees the same random numbers") {
  std::vector<std::vector<double>> seen;
  const auto note = [&](const Variable& x) {
    seen.push_back(x.value().to_vector<double>());
    return x * std::numeric_limits<double>::infinity();
  };
  const layers::Dropout dropout({.rate = 0.5});
  Sequential model({Input({.shape = {2}}), layers::BatchNormalization({.momentum = 0.5}), dropout,
                    Lambda({.function = note, .output_shape = {2}, .name = "note"})});
  seen.clear();
  const auto averages = [&] {
    std::vector<double> values;
    for (const Variable& one : model.non_trainable_variables()) {
      for (const double value : one.value().to_vector<double>()) values.push_back(value);
    }
    return values;
  };
  const std::uint64_t drawn = dropout.layer()->seed_generator()->count();
  CHECK(doctest::String(told(model, kX, kX).c_str()) == Contains("Lambda \"note\""));
  REQUIRE(seen.size() == 3);
  CHECK(seen[2] == seen[0]);
  CHECK(seen[1] != seen[0]);
  CHECK(dropout.layer()->seed_generator()->count() == drawn + 1);
  CHECK(difference(averages(), std::vector<double>{2, 2.5, 3, 3}, {1e-5, 1e-6}) == "");
}

}  // namespace keratin::tests
