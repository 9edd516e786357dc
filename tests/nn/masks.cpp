#include "nn/mask.h"

#include "autograd/ops.h"
#include "autograd/tape.h"
#include "nn/layers/activation.h"
#include "nn/layers/conv1d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/masking.h"
#include "nn/layers/pooling1d.h"
#include "nn/losses/overlap.h"
#include "nn/metrics/accuracy.h"
#include "nn/model/model.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/adam.h"
#include "tensor/cast.h"
#include "tensor/compare.h"
#include "tensor/random.h"
#include "tests/standard_error.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace layers;

Variable input(const Shape& shape, std::uint64_t seed = 1) {
  return Variable(Tensor::from(normal_values(shape.size(), seed), shape), false);
}
Tensor mask(std::initializer_list<double> counts, const Shape& shape) {
  return Tensor::numbers(counts, shape, boolean);
}
std::vector<double> numbers(const Tensor& x) { return x.to_vector<double>(); }

const Tensor kMask = mask({1, 0, 1, 1, 1, 0}, {2, 3});

TEST_CASE("masks: on a variable") {
  const Variable x(Tensor::from(normal_values(12, 1), {2, 3, 2}));
  CHECK_FALSE(mask_of(x).defined());
  CHECK_FALSE(mask_of(Variable()).defined());
  const Variable y = with_mask(x, kMask);
  CHECK(numbers(mask_of(y)) == numbers(kMask));
  CHECK_FALSE(mask_of(x).defined());
  CHECK(y.value().shares_storage_with(x.value()));
  sum(square(y)).backward();  // the same record
  CHECK(x.grad().defined());
  // Numbers count where they are not 0.
  CHECK(numbers(mask_of(with_mask(x, Tensor::numbers({0.5, 0}, {2})))) ==
        std::vector<double>{1, 0});
  // What a loss looks behind stays.
  const Variable p = activations::softmax(x);
  CHECK(with_mask(p, kMask).impl()->scores == p.impl()->scores);

  for (const Shape& wrong : {Shape{}, Shape{3}, Shape{2, 2}, Shape{3, 2}, Shape{2, 3, 2, 1}}) {
    CAPTURE(wrong.text());
    CHECK_THROWS_WITH_AS(with_mask(x, ones(wrong, boolean)), doctest::Contains("leading axes"),
                         ShapeError);
    CHECK_THROWS_AS(Dense({.units = 1})(x, {.mask = ones(wrong, boolean)}), ShapeError);
  }
  CHECK_THROWS_AS(with_mask(x, Tensor::strings({"a", "b"})), DTypeError);
  CHECK_THROWS_AS(with_mask(x, Tensor()), ValueError);
}

TEST_CASE("masks: an explicit one wins over what the input carries, and leaves the input alone") {
  const Variable x = with_mask(input({2, 3, 4}), kMask);
  const Tensor other = mask({0, 0, 1, 1, 1, 1}, {2, 3});
  const Variable y = Dense({.units = 2})(x, {.mask = other});
  CHECK(numbers(mask_of(y)) == numbers(other));
  CHECK(numbers(mask_of(x)) == numbers(kMask));
  const GlobalAveragePooling1D pool;
  const auto mean_of = [&](const CallContext& context) {
    return numbers(Variable(pool(x, context)).value());
  };
  CHECK(mean_of({}) == mean_of({.mask = kMask}));
  CHECK(mean_of({}) != mean_of({.mask = other}));
  // A layer that gives its input back carries the mask on another handle.
  const Variable plain = input({2, 3, 4});
  const Variable dropped = Dropout({.rate = 0.5})(plain, {.mask = kMask});
  CHECK(mask_of(dropped).defined());
  CHECK_FALSE(mask_of(plain).defined());
}

TEST_CASE("masks: a float input that is cast keeps its mask") {
  const Variable x = with_mask(Variable(cast(input({2, 3, 4}).value(), float64), false), kMask);
  const Variable y = Dense({.units = 2})(x);
  CHECK(y.dtype() == float32);
  CHECK(mask_of(y).defined());
}

TEST_CASE("masks: a mean over steps of which none counts is 0") {
  const Variable x = with_mask(input({2, 3, 4}), mask({0, 0, 0, 1, 1, 1}, {2, 3}));
  const Tensor y = Variable(GlobalAveragePooling1D()(x)).value();
  for (const double v : numbers(y.slice(0, 1))) CHECK(v == 0);
}

TEST_CASE("masks: NaN in steps that do not count") {
  Tensor x = Tensor::from(normal_values(2 * 3 * 2, 3), {2, 3, 2});
  x.mutable_data<float>()[2] = std::numeric_limits<float>::quiet_NaN();  // step 1 of the first
  const Tensor y = Variable(GlobalAveragePooling1D()(with_mask(Variable(x, false), kMask))).value();
  for (const double v : numbers(y)) CHECK(std::isfinite(v));
}

// A layer of the user's own that reads the mask and keeps it off what comes after.
class LastStep : public Layer {
 public:
  Variable call(const Variable& x, CallContext context) override {
    seen = context.mask;
    return reshape(slice(x, {{}, {-1, None}}), {x.shape()[0], x.shape()[2]});
  }
  std::vector<Tensor> compute_mask(const Variables&, const std::vector<Tensor>& masks) override {
    asked = numbers(masks[0]);
    return {};
  }
  Tensor seen;
  std::vector<double> asked;
};

// Hands the context on as it came, across a change of shape.
class Composite : public Layer {
 public:
  Variable call(const Variable& x, CallContext context) override {
    steps = dense_(x, context);
    const Variable pooled = pool_(steps, context);
    return out_(pooled, context);
  }
  Variable steps;

 private:
  Dense dense_ = track(Dense({.units = 3}));
  GlobalAveragePooling1D pool_ = track(GlobalAveragePooling1D());
  Dense out_ = track(Dense({.units = 2}));
};

class Shifted : public Layer {
 public:
  Shifted() { set_supports_masking(true); }
  Variable call(const Variable& x, CallContext) override { return x + 1.0; }
};

class Marks : public Layer {
 public:
  Variable call(const Variable& x, CallContext) override {
    return with_mask(x * 2.0, greater(max(x.value(), {.axis = -1}), 0.0));
  }
};

TEST_CASE("masks: layers of the user's own") {
  const Variable x = with_mask(input({2, 3, 4}), kMask);
  const auto last = make_layer<LastStep>();
  CHECK_FALSE(mask_of(last(x)).defined());
  CHECK(numbers(last->seen) == numbers(kMask));
  CHECK(last->asked == numbers(kMask));
  last(input({2, 3, 4}));
  CHECK_FALSE(last->seen.defined());

  const auto composite = make_layer<Composite>();
  const Variable y = composite(x, {.training = true});
  CHECK(y.shape() == Shape{2, 2});
  CHECK_FALSE(mask_of(y).defined());  // its steps are gone, though the context had the mask
  CHECK(numbers(mask_of(composite->steps)) == numbers(kMask));

  CHECK(numbers(mask_of(make_layer<Shifted>()(x))) == numbers(kMask));
  CHECK_FALSE(mask_of(make_layer<Shifted>()(input({2, 3, 4}))).defined());
  CHECK(mask_of(make_layer<Marks>()(input({2, 3, 4}))).shape() == Shape{2, 3});
}

class Tagger : public Model {
 public:
  Variable call(const Variable& x, CallContext context) override {
    return out_(embed_(x, context), context);
  }

 private:
  Embedding embed_ = track(Embedding({.input_dim = 5, .output_dim = 3, .mask_zero = true}));
  Dense out_ = track(Dense({.units = 2, .activation = "softmax"}));
};

TEST_CASE("masks: through models of every kind") {
  const Variable ids(Tensor::numbers({1, 0, 2, 3, 4, 0}, {2, 3}, int32), false);
  const Embedding embedding({.input_dim = 5, .output_dim = 3, .mask_zero = true});
  const Dense dense({.units = 2});
  const auto in = Input({.shape = {None}, .dtype = int32});
  const Model functional(in, dense(embedding(in)));
  const auto outer_in = Input({.shape = {None}, .dtype = int32});
  const Model nested(outer_in, layers::ReLU()(functional(outer_in)));
  const Sequential sequential({embedding, dense});
  Tagger tagger;
  const Model* all[] = {&functional, &nested, &sequential, &tagger};
  for (const Model* model : all) {
    CAPTURE(model->name());
    const Variable y = (*model)(ids, {.training = true});
    REQUIRE(mask_of(y).defined());
    CHECK(numbers(mask_of(y)) == std::vector<double>{1, 0, 1, 1, 1, 0});
  }
  CHECK_THROWS_WITH_AS(dense(embedding(in), {.mask = kMask}), doctest::Contains("symbolic"),
                       ValueError);
  // Given from outside, for the first input.
  const auto floats = Input({.shape = {None, 4}});
  const Model plain(floats, dense(Dense({.units = 3})(floats)));
  CHECK(numbers(mask_of(plain(input({2, 3, 4}), {.mask = kMask}))) == numbers(kMask));
  CHECK(numbers(mask_of(plain(with_mask(input({2, 3, 4}), kMask)))) == numbers(kMask));
}

TEST_CASE("masks: losses, and their errors") {
  const Variable y(zeros({2, 3, 1}), false), p = with_mask(Variable(ones({2, 3, 1})), kMask);
  CHECK(LossRef("mse")(y, p).value().item<double>() == 1);
  CHECK(LossRef("mse")(y, p, full({2}, 0.5)).value().item<double>() == 0.5);
  // One value a sample, but a mask of steps; one value in all.
  const Variable rows = with_mask(Variable(ones({2, 3})), kMask);
  CHECK_THROWS_WITH_AS(LossRef("mse")(Variable(zeros({2, 3}), false), rows),
                       doctest::Contains("mask of the predictions"), ShapeError);
  CHECK_THROWS_AS(LossRef(losses::Dice())(y, p), ShapeError);
}

TEST_CASE("masks: what metrics see") {
  Model model = Sequential(
      {Input({.shape = {3, 1}}), Masking({.mask_value = 9}), layers::Activation("linear")});
  model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {"mae", "root_mean_squared_error"}});
  const Tensor x = Tensor::numbers({9, 9, 2}, {1, 3, 1}), y = zeros({1, 3, 1});
  const Logs logs = model.evaluate(x, y, {.verbose = 0});
  CHECK(logs.at("loss") == 4);
  CHECK(logs.at("mae") == 2);
  // Masking sets masked steps to 0, and this metric counts them, as in Keras.
  CHECK(logs.at("root_mean_squared_error") == doctest::Approx(std::sqrt(4.0 / 3)));
}

TEST_CASE("masks: a bag of embeddings learns, and padding changes nothing") {
  set_random_seed(3);
  // Of words 1 to 9 the odd ones speak for yes.
  const std::int64_t rows = 256, steps = 8;
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows * steps));
  std::vector<float> labels;
  std::mt19937 draw(5);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t words = 1 + draw() % 5;
    int odd = 0;
    for (std::int64_t i = 0; i < words; ++i) {
      const std::int64_t word = 1 + draw() % 9;
      ids[static_cast<std::size_t>(row * steps + i)] = word;
      odd += word % 2 == 1 ? 1 : -1;
    }
    labels.push_back(odd > 0 ? 1.0f : 0.0f);
  }
  const Tensor x = Tensor::from(ids, {rows, steps}), y = Tensor::from(labels, {rows, 1});
  Sequential model({Input({.shape = {None}, .dtype = int64}),
                    Embedding({.input_dim = 10, .output_dim = 8, .mask_zero = true}),
                    GlobalAveragePooling1D(), Dense({.units = 1, .activation = "sigmoid"})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.05}),
                 .loss = "binary_crossentropy",
                 .metrics = {"accuracy"}});
  model.fit(x, y, {.epochs = 15, .verbose = 0});
  CHECK(model.evaluate(x, y, {.verbose = 0}).at("accuracy") > 0.95);
  const Tensor longer = pad(x, {{}, {0, 5}});
  CHECK(max_abs_difference(model.predict(x, {.verbose = 0}),
                           model.predict(longer, {.verbose = 0})) < 1e-6);
}

#if defined(__unix__)
TEST_CASE("masks: a layer that drops one says so, once") {
  const Conv1D conv({.filters = 2, .kernel_size = 1, .name = "c"});
  const Variable x = with_mask(input({2, 3, 4}), kMask);
  const std::string warned = written_to_stderr([&] {
    conv(input({2, 3, 4}));
    conv(x);
    conv(x);
  });
  CHECK(warned ==
        "keratin: Conv1D \"c\": drops the mask of its input; layers and losses after it count "
        "every time step\n");
  const std::string silent = written_to_stderr([&] {
    GlobalAveragePooling1D()(x);
    Dense({.units = 1})(x);
    make_layer<Composite>()(x);
    make_layer<LastStep>()(x);
    Sequential({Dense({.units = 2}), GlobalAveragePooling1D()})(x);
  });
  CHECK(silent.empty());
}
#endif

}  // namespace
}  // namespace keratin::tests
