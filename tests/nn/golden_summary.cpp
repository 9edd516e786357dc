#include "nn/inspect/summary.h"
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
#include "nn/model/sequential.h"
#include "nn/names.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using namespace layers;

Model dense_chain() {
  return Sequential(
      {Input({.shape = {784}}), Dense({.units = 64, .activation = "relu"}), Dense({.units = 10})});
}

Model convolutions() {
  Sequential model({}, "digits");
  model.add(Input({.shape = {28, 28, 1}}));
  model.add(Rescaling({.scale = 1.0 / 255}));
  model.add(Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}));
  model.add(BatchNormalization());
  model.add(MaxPooling2D());
  model.add(Conv2D({.filters = 64, .kernel_size = 3, .padding = "same", .activation = "relu"}));
  model.add(MaxPooling2D({.name = "a_pooling_layer_with_a_name_that_is_long"}));
  model.add(Flatten());
  model.add(Dropout({.rate = 0.5}));
  model.add(Dense({.units = 10, .activation = "softmax", .name = "probabilities"}));
  return model;
}

Model unbuilt() {
  return Sequential(
      {Dense({.units = 3}), Conv2D({.filters = 2, .kernel_size = 3}), Dense({.units = 2})},
      "later");
}

Model empty() { return Sequential({}, "nothing"); }

Model chain_by_calls() {
  const auto inputs = Input({.shape = {None, None, 3}, .name = "picture"});
  auto x = Conv2D({.filters = 8, .kernel_size = 3, .strides = 2, .padding = "same"})(inputs);
  x = GlobalAveragePooling2D()(x);
  return Model(inputs, Dense({.units = 2})(x), "any_size");
}

Model two_inputs() {
  const auto left = Input({.shape = {16}, .name = "left"});
  const auto right = Input({.shape = {8}, .name = "right"});
  const auto a = Dense({.units = 4, .activation = "relu"})(left), b = Dense({.units = 4})(right);
  const auto both = Concatenate()({a, b});
  return Model({left, right}, {Dense({.units = 1, .name = "amount"})(both), Add()({a, b})},
               "two_inputs");
}

Model shared() {
  const auto left = Input({.shape = {5}}), right = Input({.shape = {5}});
  const Dense layer({.units = 3, .name = "shared_layer"});
  return Model({left, right}, Multiply()({layer(left), layer(right)}));
}

Model residual() {
  const auto inputs = Input({.shape = {8, 8, 4}});
  auto x = Conv2D({.filters = 4, .kernel_size = 3, .padding = "same", .use_bias = false})(inputs);
  x = BatchNormalization()(x);
  x = layers::Activation("relu")(x);
  x = Add()({inputs, x});
  return Model(inputs, Flatten()(x), "residual");
}

Model nested() {
  const Sequential encoder(
      {Input({.shape = {784}}), Dense({.units = 128, .activation = "relu"}), Dense({.units = 32})},
      "encoder");
  return Sequential({encoder, Dense({.units = 10})}, "classifier");
}

Model nested_graph() {
  const auto inside = Input({.shape = {4}, .name = "inner_in"});
  const Model inner(inside, Dense({.units = 2, .name = "inner_dense"})(inside), "inner");
  const auto left = Input({.shape = {4}, .name = "left"});
  const auto right = Input({.shape = {4}, .name = "right"});
  return Model({left, right}, Add({.name = "sum"})({inner(left), inner(right)}), "outer");
}

Model frozen() {
  Model model = dense_chain();
  model.get_layer("dense").set_trainable(false);
  return model;
}

Model large() {
  return Sequential({Input({.shape = {1000}}), Dense({.units = 30'000}), Dense({.units = 1000})},
                    "large");
}

Model compiled(Model model, const char* optimizer) {
  model.compile({.optimizer = optimizer, .loss = "mse"});
  model.optimizer().build(model.trainable_variables());
  return model;
}

Model made(const std::string& name) {
  using Make = Model (*)();
  static const std::vector<std::pair<std::string, Make>> makers = {
      {"dense_chain", dense_chain},
      {"convolutions", convolutions},
      {"unbuilt", unbuilt},
      {"empty", empty},
      {"chain_by_calls", chain_by_calls},
      {"two_inputs", two_inputs},
      {"shared", shared},
      {"residual", residual},
      {"nested", nested},
      {"nested_graph", nested_graph},
      {"frozen", frozen},
      {"large", large},
      {"sgd", [] { return compiled(dense_chain(), "sgd"); }},
      {"adam", [] { return compiled(dense_chain(), "adam"); }},
      {"rmsprop", [] { return compiled(convolutions(), "rmsprop"); }},
  };
  for (const auto& [known, make] : makers) {
    if (known == name) return make();
  }
  throw ValueError("no model " + name);
}

std::string summary_of(const Model& model, SummaryOptions o) {
  std::string text;
  o.print_fn = [&](std::string_view t) { text += t; };
  model.summary(o);
  return text;
}

TEST_CASE("golden: summary() of whole models") {
  for (const Json& entry : golden("summary")["cases"]) {
    const auto name = entry["model"].get<std::string>();
    CAPTURE(name);
    CAPTURE(entry["options"].dump());
    clear_session();  // names count from the start
    SummaryOptions o{.line_length = 76};
    Options given(entry["options"]);
    given.read("line_length", o.line_length).read("positions", o.positions);
    given.read("expand_nested", o.expand_nested).read("show_trainable", o.show_trainable);
    given.done();
    auto expected = entry["text"].get<std::string>();
    if (name == "sgd") {  // its steps are counted in 64 bits here, in 32 by Keras on JAX
      const auto bytes = expected.find("2 (8.00 B)");
      REQUIRE(bytes != std::string::npos);
      expected.replace(bytes, 10, "2 (12.00 B)");
    }
    CHECK(summary_of(made(name), o) == expected);
  }
}

TEST_CASE("summary: a nested graph names its own connections, where Keras prints a dash") {
  clear_session();
  const std::string text = summary_of(nested_graph(), {.line_length = 76, .expand_nested = true});
  CHECK(text.find("│    └ inner_in       │ (None, 4)         │          0 │ -                 │") !=
        std::string::npos);
  CHECK(text.find("│    └ inner_dense    │ (None, 2)         │         10 │ inner_in[0][0]    │") !=
        std::string::npos);
}

}  // namespace
}  // namespace keratin::tests
