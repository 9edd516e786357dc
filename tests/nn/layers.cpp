#include "nn/layer.h"

#include "autograd/ops.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/merge.h"
#include "nn/layers/pooling.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/layers/zero_padding.h"
#include "nn/names.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace layers;

Variable input(const Shape& shape, std::uint64_t seed = 1) {
  return Variable(Tensor::from(normal_values(shape.size(), seed), shape), false);
}

TEST_CASE("layers: options out of range are refused when the layer is made") {
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"units", [] { Dense({}); }},
      {"units", [] { Dense({.units = -3}); }},
      {"filters", [] { Conv2D({.kernel_size = 3}); }},
      {"kernel_size", [] { Conv2D({.filters = 3}); }},
      {"kernel_size",
       [] {
         Conv2D({.filters = 3, .kernel_size = {3, 0}});
       }},
      {"strides", [] { Conv2D({.filters = 3, .kernel_size = 3, .strides = 0}); }},
      {"padding", [] { Conv2D({.filters = 3, .kernel_size = 3, .padding = "sam"}); }},
      {"data_format",
       [] { Conv2D({.filters = 3, .kernel_size = 3, .data_format = "channels_first"}); }},
      {"dilation_rate", [] { Conv2D({.filters = 3, .kernel_size = 3, .dilation_rate = 0}); }},
      {"strides",
       [] { Conv2D({.filters = 3, .kernel_size = 3, .strides = 2, .dilation_rate = 2}); }},
      {"groups", [] { Conv2D({.filters = 3, .kernel_size = 3, .groups = 2}); }},
      {"groups", [] { Conv2D({.filters = 3, .kernel_size = 3, .groups = 0}); }},
      {"pool_size", [] { MaxPooling2D({.pool_size = 0}); }},
      {"padding", [] { AveragePooling2D({.padding = "full"}); }},
      {"rate", [] { Dropout({}); }},
      {"rate", [] { Dropout({.rate = 1.5}); }},
      {"rate", [] { Dropout({.rate = std::nan("")}); }},
      {"target_shape", [] { Reshape({}); }},
      {"target_shape",
       [] {
         Reshape({.target_shape = {-1, -1}});
       }},
      {"target_shape", [] { Reshape({.target_shape = {-2}}); }},
      {"scale", [] { Rescaling({}); }},
      {"padding", [] { ZeroPadding2D({.padding = -1}); }},
      {"negative_slope", [] { ReLU({.negative_slope = -1}); }},
      {"max_value", [] { ReLU({.max_value = -1}); }},
      {"unknown name", [] { Dense({.units = 1, .activation = "rellu"}); }},
      {"unknown name", [] { Dense({.units = 1, .kernel_initializer = "zeroes"}); }},
      {"unknown name", [] { Dense({.units = 1, .kernel_regularizer = "l7"}); }},
  };
  for (const auto& [option, make] : rows) {
    CAPTURE(option);
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(option), ValueError);
  }
}

TEST_CASE("layers: inputs that do not fit leave the layer as it was") {
  struct Row {
    LayerRef layer;
    Shape right, wrong;
  };
  const Row rows[] = {
      {Dense({.units = 2}), {3, 4}, {4}},
      {Dense({.units = 2}), {3, 4}, {3, 5}},
      {Conv2D({.filters = 2, .kernel_size = 3}), {1, 5, 5, 3}, {5, 5, 3}},
      {Conv2D({.filters = 2, .kernel_size = 3}), {1, 5, 5, 3}, {1, 5, 5, 4}},
      {Conv2D({.filters = 2, .kernel_size = 3}), {1, 5, 5, 3}, {1, 2, 5, 3}},
      {Conv2D({.filters = 4, .kernel_size = 3, .groups = 2}), {1, 5, 5, 4}, {1, 5, 5, 3}},
      {MaxPooling2D({.pool_size = 3}), {1, 5, 5, 3}, {1, 2, 2, 3}},
      {AveragePooling2D(), {1, 5, 5, 3}, {5, 5}},
      {GlobalAveragePooling2D(), {1, 5, 5, 3}, {5, 3}},
      {BatchNormalization(), {4, 3}, {4}},
      {BatchNormalization(), {4, 3}, {4, 5}},
      {Reshape({.target_shape = {2, 3}}), {4, 6}, {4, 5}},
      {Reshape({.target_shape = {2, -1}}), {4, 6}, {4, 5}},
      {ZeroPadding2D(), {1, 2, 2, 1}, {2, 2}},
      {layers::Softmax({.axis = 2}), {1, 2, 2}, {2, 2}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.layer.name());
    CAPTURE(row.wrong.text());
    const Variables y = row.layer(input(row.right));
    const auto weights = row.layer.get_weights();
    CHECK_THROWS_AS(row.layer(input(row.wrong)), ShapeError);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      CHECK(weights[i].to_vector<float>() == row.layer.get_weights()[i].to_vector<float>());
    }
    CHECK(row.layer(input(row.right)).value().to_vector<float>() == y.value().to_vector<float>());
  }
}

TEST_CASE("layers: NaN goes through") {
  Tensor x = Tensor::from(normal_values(2 * 4 * 4 * 2, 3), {2, 4, 4, 2});
  x.mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  const LayerRef all[] = {Conv2D({.filters = 2, .kernel_size = 1, .activation = "relu"}),
                          MaxPooling2D(),
                          AveragePooling2D(),
                          GlobalAveragePooling2D(),
                          GlobalMaxPooling2D(),
                          BatchNormalization(),
                          Dense({.units = 3, .activation = "sigmoid"}),
                          Flatten(),
                          ReLU(),
                          layers::Softmax(),
                          Rescaling({.scale = 2}),
                          ZeroPadding2D()};
  for (const LayerRef& layer : all) {
    CAPTURE(layer.name());
    for (const bool training : {false, true}) {
      bool found = false;
      for (const float v :
           layer(Variable(x, false), {.training = training}).value().to_vector<float>())
        found = found || std::isnan(v);
      CHECK(found);
    }
  }
}

TEST_CASE("layers: weights are given and taken as a whole") {
  Dense dense({.units = 2});
  CHECK_THROWS_WITH_AS(dense.set_weights({zeros({3, 2}), zeros({2})}),
                       doctest::Contains("not built"), ShapeError);
  dense(input({1, 3}));
  const std::vector<Tensor> before = dense.get_weights();
  CHECK_THROWS_AS(dense.set_weights({zeros({3, 2})}), ShapeError);
  CHECK_THROWS_WITH_AS(dense.set_weights({ones({3, 2}), ones({3})}),
                       doctest::Contains("weight 1 (\"bias\") is f32[2], given was f32[3]"),
                       ShapeError);
  CHECK(dense.get_weights()[0].to_vector<float>() == before[0].to_vector<float>());
  dense.set_weights({ones({3, 2}), ones({2})});
  CHECK(before[0].to_vector<float>() != dense.get_weights()[0].to_vector<float>());  // a copy
  CHECK(dense(input({1, 3})).shape() == Shape{1, 2});
}

TEST_CASE("layers: a frozen batch normalization is in inference, and trains nothing") {
  BatchNormalization layer;
  const Variable x = input({8, 3});
  layer(x);
  layer.set_trainable(false);
  CHECK(layer.trainable_variables().empty());
  CHECK(layer.non_trainable_variables().size() == 4);
  const auto before = layer.get_weights();
  const Variable frozen = layer(x, {.training = true}), inference = layer(x, {.training = false});
  CHECK(frozen.value().to_vector<float>() == inference.value().to_vector<float>());
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(before[i].to_vector<float>() == layer.get_weights()[i].to_vector<float>());
  layer.set_trainable(true);
  CHECK(layer.trainable_variables().size() == 2);
  layer(x, {.training = true});
  CHECK(before[2].to_vector<float>() != layer.get_weights()[2].to_vector<float>());
}

TEST_CASE("layers: dropout") {
  const std::int64_t n = 5000;
  const Variable x(ones({n}), false);
  Dropout layer({.rate = 0.3, .seed = 4});
  CHECK(layer(x).value().to_vector<float>() == x.value().to_vector<float>());
  const std::vector<float> y = layer(x, {.training = true}).value().to_vector<float>();
  double kept = 0;
  for (const float v : y) {
    REQUIRE((v == 0 || v == 1 / 0.7f));
    kept += v != 0;
  }
  CHECK(std::abs(kept / n - 0.7) < 5 * std::sqrt(0.3 * 0.7 / n));
  CHECK(y != layer(x, {.training = true}).value().to_vector<float>());  // each call draws anew
  Dropout same({.rate = 0.3, .seed = 4});
  CHECK(y == same(x, {.training = true}).value().to_vector<float>());
  Dropout all({.rate = 1});
  for (const float v : all(x, {.training = true}).value().to_vector<float>()) CHECK(v == 0);

  Dropout rows({.rate = 0.5, .noise_shape = {None, 1}, .seed = 1});
  const std::vector<float> r =
      rows(Variable(ones({50, 4}), false), {.training = true}).value().to_vector<float>();
  for (std::size_t i = 0; i < r.size(); ++i) CHECK(r[i] == r[i - i % 4]);
}

// Two layers in one: x -> dense(2) -> + offset
class Offset : public Layer {
 public:
  void build(const Shape& input) override {
    offset_ = add_weight({.shape = {input.back()}, .initializer = "ones", .name = "offset"});
    count_ = add_weight({.shape = {}, .initializer = "zeros", .trainable = false, .name = "count"});
  }
  Variable call(const Variable& x, CallContext context) override {
    if (context.training.value_or(false)) count_.assign_add(1);
    return dense_(x + offset_);
  }

 private:
  Variable offset_, count_;
  Dense dense_ = track(Dense({.units = 2, .name = "inner"}));
};

TEST_CASE("layers: one of the user's own") {
  clear_session();
  const auto layer = make_layer<Offset>();
  CHECK(layer.name() == "offset");
  layer(input({4, 3}), {.training = true});
  std::vector<std::string> names;
  for (const Variable& v : layer.weights()) names.push_back(v.name());
  CHECK(names == std::vector<std::string>{"offset", "count", "kernel", "bias"});
  CHECK(layer.count_params() == 3 + 1 + 6 + 2);
  CHECK(layer.trainable_variables().size() == 3);
  CHECK(layer.weights()[1].value().item<double>() == 1);
  layer.layer()->set_trainable(false);  // goes down to inner layers
  CHECK(layer.trainable_variables().empty());
  CHECK_FALSE(layer.weights()[2].requires_grad());
}

class Empty : public Layer {};

class Late : public Layer {
 public:
  Variable call(const Variable& x, CallContext) override {
    add_weight({.shape = {1}, .name = "late"});
    return x;
  }
};

class Fails : public Layer {
 public:
  void build(const Shape& input) override {
    add_weight({.shape = {input.back()}, .name = "first"});
    if (input.back() == 3) throw ValueError("Fails: three");
  }
  Variable call(const Variable& x, CallContext) override { return x; }
};

TEST_CASE("layers: mistakes in layers of the user's own") {
  CHECK_THROWS_WITH_AS(make_layer<Empty>()(input({1, 2})), doctest::Contains("override call"),
                       ValueError);
  CHECK_THROWS_WITH_AS(make_layer<Late>()(input({1, 2})), doctest::Contains("call it in build()"),
                       ValueError);
  const auto fails = make_layer<Fails>();
  CHECK_THROWS_AS(fails(input({1, 3})), ValueError);
  CHECK(fails.weights().empty());  // as if it had not been called
  CHECK_NOTHROW(fails(input({1, 4})));
  CHECK(fails.weights().size() == 1);
}

}  // namespace
}  // namespace keratin::tests
