// Building models: functional, Sequential, subclassed; and what goes wrong with them.
#include "nn/model/model.h"

#include "autograd/ops.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/merge.h"
#include "nn/layers/rescaling.h"
#include "nn/model/sequential.h"
#include "tensor/compare.h"
#include "tensor/random.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

bool same(const Tensor& a, const Tensor& b) { return max_abs_difference(a, b) == 0; }

TEST_CASE("functional: shapes with None, and the layers in order of depth") {
  const SymbolicTensor x = Input({.shape = {None, None, 3}, .dtype = uint8, .name = "image"});
  CHECK(x.shape() == Shape{None, None, None, 3});
  const SymbolicTensor y = layers::Conv2D({.filters = 4, .kernel_size = 3, .name = "c"})(
      layers::Rescaling({.scale = 0.5})(x));
  CHECK(y.shape() == Shape{None, None, None, 4});
  CHECK(y.dtype() == float32);
  Model model(x, y);
  CHECK(model.layers().size() == 3);
  CHECK(model.get_layer("c").count_params() == 3 * 3 * 3 * 4 + 4);
  CHECK(model(ones({2, 5, 6, 3}, uint8)).shape() == Shape{2, 3, 4, 4});
  CHECK(model(ones({1, 9, 3, 3}, uint8)).shape() == Shape{1, 7, 1, 4});
  CHECK_THROWS_WITH_AS(model.get_layer("d"), doctest::Contains("known: image"), ValueError);
  CHECK_THROWS_WITH_AS(model(ones({2, 5, 6, 4}, uint8)), doctest::Contains("input \"image\""),
                       ShapeError);
}

TEST_CASE("functional: a layer called twice shares its weights") {
  const SymbolicTensor a = Input({.shape = {3}, .name = "a"}),
                       b = Input({.shape = {3}, .name = "b"});
  const layers::Dense shared({.units = 2});
  Model model({a, b}, layers::Subtract()({shared(a), shared(b)}));
  CHECK(model.weights().size() == 2);
  const Tensor x = randn({4, 3});
  CHECK(same(model(Tensors{x, x}).value(), zeros({4, 2})));
  CHECK(same(model(Tensors{{"b", x}, {"a", x}}).value(), zeros({4, 2})));  // by name
  CHECK_THROWS_AS(model(Tensors{x}), ValueError);
  CHECK_THROWS_AS(model(Tensors{{"a", x}, {"c", x}}), ValueError);
}

TEST_CASE("functional: several outputs by name, and a model as a layer") {
  const SymbolicTensor x = Input({.shape = {3}});
  const SymbolicTensor h = layers::Dense({.units = 4, .activation = "relu"})(x);
  Model heads(
      x, {{"small", layers::Dense({.units = 1})(h)}, {"wide", layers::Dense({.units = 5})(h)}});
  const Variables y = heads(randn({2, 3}));
  CHECK(y["small"].shape() == Shape{2, 1});
  CHECK(y["wide"].shape() == Shape{2, 5});

  const SymbolicTensor z = Input({.shape = {3}});
  const SymbolicTensors inner = heads(z);
  Model outer(z, layers::Concatenate()({inner["small"], inner["wide"]}));
  const Tensor data = randn({2, 3});
  CHECK(outer(data).shape() == Shape{2, 6});
  CHECK(outer.weights().size() == heads.weights().size());
  CHECK(same(slice(outer(data).value(), {{}, {.first = 1}}), heads(data)["wide"].value()));
}

TEST_CASE("functional: a sub-model between tensors of another shares weights") {
  const SymbolicTensor x = Input({.shape = {3}});
  const SymbolicTensor h = layers::Dense({.units = 4})(x), y = layers::Dense({.units = 2})(h);
  Model whole(x, y), front(x, h), back(h, y);
  const Tensor data = randn({5, 3});
  CHECK(same(back(front(data)).value(), whole(data).value()));
}

TEST_CASE("functional: outputs must follow from the inputs") {
  const SymbolicTensor a = Input({.shape = {3}}), b = Input({.shape = {3}, .name = "forgotten"});
  const SymbolicTensor y = layers::Add()({a, b});
  CHECK_THROWS_WITH_AS(Model(a, y), doctest::Contains("forgotten"), ValueError);
  CHECK_THROWS_AS(Model(SymbolicTensors(), y), ValueError);
  CHECK_THROWS_AS(Input({}), ValueError);
  CHECK_THROWS_AS(Input({.shape = {3}, .batch_shape = {1, 3}}), ValueError);
}

TEST_CASE("functional: data is cast to the dtype of the input, a last axis of 1 may be left out") {
  const SymbolicTensor x = Input({.shape = {1}});
  Model model(x, layers::Rescaling({.scale = 2})(x));
  CHECK(same(model(Tensor::numbers({1, 2, 3}, {3}, int32)).value(),
             Tensor::numbers({2, 4, 6}, {3, 1})));
}

TEST_CASE("Sequential: with an Input it is built at once, without at the first call") {
  const auto make = [](bool input) {
    Sequential model;
    if (input) model.add(Input({.shape = {4}}));
    model.add(layers::Dense({.units = 3, .activation = "tanh"}));
    model.add(layers::Dense({.units = 2}));
    return model;
  };
  CHECK(make(true).count_params() == 15 + 8);
  Sequential late = make(false);
  CHECK(late.weights().empty());
  CHECK(late(randn({7, 4})).shape() == Shape{7, 2});
  CHECK(late.count_params() == 15 + 8);
  CHECK(late.layers().size() == 2);
  CHECK_THROWS_WITH_AS(late(randn({7, 5})), doctest::Contains("[7, 5]"), ShapeError);
  CHECK_THROWS_AS(late.add(Input({.shape = {4}})), ValueError);
  late.add(layers::Dense({.units = 1}));
  CHECK(late(randn({7, 4})).shape() == Shape{7, 1});
  CHECK_THROWS_AS(Sequential()(randn({1, 2})), ValueError);
}

TEST_CASE("Sequential: a first call that fails leaves it as it was") {
  Sequential model({layers::Dense({.units = 3}), layers::Conv2D({.filters = 1, .kernel_size = 1})});
  CHECK_THROWS_AS(model(randn({2, 4})), ShapeError);
  CHECK(model.layers().size() == 2);
  CHECK_THROWS_AS(model(randn({2, 4})), ShapeError);
}

TEST_CASE("Sequential: a model first says what the input is; names must differ") {
  Sequential encoder({Input({.shape = {6}}), layers::Dense({.units = 2})}, "encoder");
  Sequential model({encoder, layers::Dense({.units = 1})});
  CHECK(model.count_params() == 14 + 3);
  CHECK(model.layers()[0].name() == "encoder");
  CHECK_THROWS_WITH_AS(model.add(encoder), doctest::Contains("encoder"), ValueError);
}

class TwoTowers : public Model {
 public:
  Variables call_several(const Variables& x, CallContext context) override {
    return {{"sum", left_(x["a"], context) + right_(x["b"], context)}, {"a", x["a"]}};
  }

 private:
  layers::Dense left_ = track(layers::Dense({.units = 2}));
  layers::Dense right_ = track(layers::Dense({.units = 2}));
};

TEST_CASE("subclassed: several inputs and outputs by name; named after its class") {
  TwoTowers model;
  CHECK(model.name().starts_with("two_towers"));
  const Variables y = model(Tensors{{"a", randn({3, 4})}, {"b", randn({3, 5})}});
  CHECK(y["sum"].shape() == Shape{3, 2});
  CHECK(model.weights().size() == 4);
  CHECK(model.count_params() == 10 + 12);
}

class Doubler : public Model {
 public:
  Variable call(const Variable& x, CallContext) override { return x * 2.0; }
};

TEST_CASE("subclassed: a copy computes as long as the object lives") {
  LayerRef copy;
  {
    const Doubler model;
    copy = model;
    CHECK(same(copy(ones({2, 2})).value(), full({2, 2}, 2)));
    const Model sliced = model;
    CHECK(same(sliced(ones({2, 2})).value(), full({2, 2}, 2)));
  }
  CHECK_THROWS_WITH_AS(copy(ones({2, 2})), doctest::Contains("alive"), ValueError);
}

class Empty : public Model {};

TEST_CASE("subclassed: without call it says so") {
  Empty model;
  CHECK_THROWS_WITH_AS(model(ones({1, 1})), doctest::Contains("override call"), ValueError);
}

TEST_CASE("weights: get, set and freeze") {
  Sequential model(
      {Input({.shape = {3}}), layers::Dense({.units = 2}), layers::BatchNormalization()});
  CHECK(model.weights().size() == 6);
  CHECK(model.trainable_variables().size() == 4);
  CHECK(model.non_trainable_variables().size() == 2);
  const std::vector<Tensor> before = model.get_weights();
  model.weights()[0].assign(0.0);
  CHECK_FALSE(same(before[0], model.get_weights()[0]));
  model.set_weights(before);
  CHECK(same(before[0], model.get_weights()[0]));

  std::vector<Tensor> wrong = before;
  wrong[1] = zeros({3});
  wrong[0] = zeros({3, 2});
  CHECK_THROWS_WITH_AS(model.set_weights(wrong), doctest::Contains("Sequential"), ShapeError);
  CHECK(same(before[0], model.get_weights()[0]));  // nothing was changed
  CHECK_THROWS_AS(model.set_weights({}), ShapeError);

  model.set_trainable(false);
  CHECK(model.trainable_variables().empty());
  CHECK_FALSE(model.weights()[0].requires_grad());
  model.set_trainable(true);
  CHECK(model.trainable_variables().size() == 4);
}

TEST_CASE("layers: training is passed on to inner layers") {
  set_random_seed(1);
  const SymbolicTensor x = Input({.shape = {1000}});
  Sequential inner({Input({.shape = {1000}}), layers::Dropout({.rate = 0.5})});
  Model model(x, inner(x));
  const Tensor data = ones({1, 1000});
  CHECK(same(model(data).value(), data));
  const double kept = sum(model(data, {.training = true}).value()).item<double>();
  CHECK(kept != 1000);
  CHECK(std::abs(kept - 1000) < 200);
}

TEST_CASE("layers: missing and wrong options are errors at once") {
  CHECK_THROWS_WITH_AS(layers::Dense({}), doctest::Contains("units"), ValueError);
  CHECK_THROWS_WITH_AS(layers::Conv2D({.filters = 3}), doctest::Contains("kernel_size"),
                       ValueError);
  CHECK_THROWS_AS(layers::Conv2D({.filters = 3, .kernel_size = 3, .padding = "full"}), ValueError);
  CHECK_THROWS_AS(
      layers::Conv2D({.filters = 3, .kernel_size = 3, .strides = 2, .dilation_rate = 2}),
      ValueError);
  CHECK_THROWS_AS(layers::Dropout({}), ValueError);
  CHECK_THROWS_AS(layers::Rescaling({}), ValueError);
  CHECK_THROWS_WITH_AS(layers::Dense({.units = 1, .activation = "rellu"}),
                       doctest::Contains("did you mean \"relu\""), ValueError);
  CHECK_THROWS_WITH_AS(layers::Dense({.units = 1, .kernel_initializer = "he_norml"}),
                       doctest::Contains("he_normal"), ValueError);
  CHECK_THROWS_WITH_AS(layers::Dense({.units = 1})(Input({.batch_shape = {784}})),
                       doctest::Contains("rank 1"), ShapeError);
  CHECK_THROWS_WITH_AS(layers::Dense({.units = 1})(Input({.shape = {None}})),
                       doctest::Contains("must be known"), ShapeError);
}

}  // namespace
}  // namespace keratin::tests
