#include <algorithm>

#include "nn/layers/concatenate.h"
#include "nn/layers/dense.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/model/sequential.h"
#include "tests/nn/golden_layers.h"
#include "tests/nn/golden_optimizers.h"

namespace keratin::tests {
namespace {

// The tensor of this name that all cases share; class numbers as integers.
Tensor data(const std::string& name, DType dtype) {
  const bool classes = name == "labels" || name == "bits";
  return to_tensor(golden("training")["data"][name], classes ? int32 : dtype);
}

struct NamedModel {
  Sequential model;
  std::vector<LayerRef> layers;
};

NamedModel to_model(const std::string& name, DType dtype) {
  const Json& config = golden("training")["models"][name];
  NamedModel made;
  made.model.add(Input({.shape = to_shape(config["input"]), .dtype = dtype}));
  for (const Json& layer : config["layers"]) {
    made.layers.push_back(to_layer(layer["name"], layer["options"]));
    made.model.add(made.layers.back());
  }
  std::vector<Tensor> weights;
  for (const Json& weight : config["weights"]) weights.push_back(to_tensor(weight, dtype));
  made.model.set_weights(weights);
  CHECK(made.model.count_params() == config["params"].get<std::int64_t>());
  return made;
}

LossRef to_loss(const std::string& name, bool from_logits) {
  if (!from_logits) return name;
  REQUIRE(name == "sparse_categorical_crossentropy");
  return losses::SparseCategoricalCrossentropy({.from_logits = true});
}

std::vector<MetricRef> to_metrics(const Json& names) {
  std::vector<MetricRef> metrics;
  for (const Json& name : names) metrics.emplace_back(name.get<std::string>());
  return metrics;
}

// The promise for float32 is 1e-4; a log is a float32 even of a float64 model.
Tolerance training_tolerance(DType dtype) {
  return dtype == float64 ? Tolerance{3e-7, 1e-9} : Tolerance{1e-4, 1e-7};
}

TEST_CASE("golden: the loss of each of 20 steps of each optimizer") {
  for (const DType dtype : {float64, float32}) {
    const PolicyScope policy(dtype);
    for (const Json& entry : golden("training")["cases"]) {
      if (!entry.contains("steps_of")) continue;
      const auto name = entry["steps_of"].get<std::string>();
      CAPTURE(name);
      CAPTURE(entry["optimizer"].get<std::string>());
      CAPTURE(entry["loss"].get<std::string>());
      CAPTURE(entry["options"].dump());
      CAPTURE(name_of(dtype));
      Sequential model = to_model(name, dtype).model;
      model.compile({.optimizer = to_optimizer(entry["optimizer"], entry["options"]),
                     .loss = to_loss(entry["loss"], name == "logits")});
      const Tensor x = data(entry["x"], dtype), y = data(entry["y"], dtype);
      const auto size = entry["batch"].get<std::int64_t>();
      std::vector<double> losses;
      for (std::int64_t first = 0; first < x.shape()[0]; first += size) {
        losses.push_back(
            model.train_on_batch(x.slice(first, first + size), y.slice(first, first + size))
                .at("loss"));
      }
      REQUIRE(losses.size() == 20);
      CHECK(difference(losses, to_numbers(entry["losses"]), training_tolerance(dtype)) == "");
      const std::vector<double> after{
          model.evaluate(x.slice(0, size), y.slice(0, size), {.verbose = 0}).at("loss")};
      CHECK(difference(after, std::vector{to_number(entry["loss_after"])},
                       training_tolerance(dtype)) == "");
    }
  }
}

// FitOptions from a case's keyword arguments, which name shared tensors.
FitOptions to_fit_options(const Json& arguments, std::int64_t rows) {
  FitOptions o{.verbose = 0, .shuffle = false};
  Options given(arguments);
  given.read("epochs", o.epochs).read("batch_size", o.batch_size);
  given.read("validation_split", o.validation_split);
  given.read("validation_batch_size", o.validation_batch_size);
  given.read("initial_epoch", o.initial_epoch).read("validation_freq", o.validation_freq);
  if (const Json* weights = given.find("class_weight")) {
    for (const Json& pair : *weights)
      o.class_weight.emplace_back(pair[0].get<std::int64_t>(), pair[1].get<double>());
  }
  if (const Json* weight = given.find("sample_weight"))
    o.sample_weight = data(*weight, float32).slice(0, rows);
  if (const Json* names = given.find("validation_data")) {
    const auto part = [&](std::size_t i) {
      return data((*names)[i], float32).slice(rows, rows + 25);
    };
    o.validation_data = names->size() == 3 ? ValidationData(part(0), part(1), part(2))
                                           : ValidationData(part(0), part(1));
  }
  given.done();
  return o;
}

// The same names in the same order, the same numbers.
void check_history(const History& history, const Json& expected) {
  std::vector<std::string> names, expected_names;
  for (const auto& [name, values] : history.history) names.push_back(name);
  for (const auto& [name, values] : expected.items()) expected_names.push_back(name);
  CHECK(names == expected_names);
  for (const auto& [name, values] : expected.items()) {
    CAPTURE(name);
    CHECK(difference(history.history.at(name), to_numbers(values), {1e-4, 1e-6}) == "");
  }
}

TEST_CASE("golden: History, evaluate, predict and weights after fit") {
  for (const Json& entry : golden("training")["cases"]) {
    if (!entry.contains("fit")) continue;
    const auto name = entry["fit"].get<std::string>();
    CAPTURE(name);
    CAPTURE(entry["loss"].get<std::string>());
    CAPTURE(entry["arguments"].dump());
    CAPTURE(entry["frozen"].dump());
    auto [model, layers] = to_model(name, float32);
    for (const Json& index : entry["frozen"]) layers[index.get<std::size_t>()].set_trainable(false);
    model.compile({.optimizer = to_optimizer(entry["optimizer"], entry["options"]),
                   .loss = to_loss(entry["loss"], entry["from_logits"]),
                   .metrics = to_metrics(entry["metrics"]),
                   .weighted_metrics = to_metrics(entry["weighted_metrics"])});
    const auto rows = entry["rows"].get<std::int64_t>();
    const Tensor x = data(entry["x"], float32), y = data(entry["y"], float32);
    const History history =
        model.fit(x.slice(0, rows), y.slice(0, rows), to_fit_options(entry["arguments"], rows));
    check_history(history, entry["history"]);
    CHECK(history.epoch == entry["epoch"].get<std::vector<int>>());

    const std::vector<Tensor> weights = model.get_weights();
    REQUIRE(weights.size() == entry["weights"].size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      CAPTURE(i);
      CHECK(difference(weights[i], to_numbers(entry["weights"][i]), {1e-4, 1e-5}) == "");
    }
    const Logs logs = model.evaluate(x.slice(rows, rows + 25), y.slice(rows, rows + 25),
                                     {.batch_size = 8, .verbose = 0});
    CHECK(logs.size() == entry["evaluate"].size());
    for (const auto& [key, value] : entry["evaluate"].items()) {
      CAPTURE(key);
      CHECK(difference(std::vector{logs.at(key)}, std::vector{to_number(value)}, {1e-4, 1e-6}) ==
            "");
    }
    CHECK(difference(model.predict(x.slice(0, 3), {.verbose = 0}), entry["predict"],
                     {1e-4, 1e-5}) == "");
  }
}

TEST_CASE("golden: two inputs, a shared layer, two outputs by name") {
  int cases = 0;
  for (const Json& entry : golden("training")["cases"]) {
    if (!entry.contains("two_outputs")) continue;
    ++cases;
    const SymbolicTensor left = Input({.shape = {8}, .name = "left"}),
                         right = Input({.shape = {8}, .name = "right"});
    layers::Dense shared({.units = 4, .activation = "relu"});
    const auto both = layers::Concatenate()({shared(left), shared(right)});
    Model model({{"left", left}, {"right", right}},
                {{"amount", layers::Dense({.units = 2})(both)},
                 {"sure", layers::Dense({.units = 1, .activation = "sigmoid"})(both)}});
    std::vector<Tensor> weights;
    for (const Json& weight : entry["weights_before"])
      weights.push_back(to_tensor(weight, float32));
    model.set_weights(weights);
    model.compile({.optimizer = to_optimizer("SGD", {{"learning_rate", 0.05}}),
                   .loss = {{"amount", "mse"}, {"sure", "binary_crossentropy"}},
                   .loss_weights = {{"amount", 0.5}, {"sure", 2.0}},
                   .metrics = {{"amount", {"mae"}}, {"sure", {"accuracy"}}}});
    const auto n = entry["rows"].get<std::int64_t>();
    const Tensor x = data("mlp_x", float32);
    const History history = model.fit(
        {{"left", x.slice(0, n)}, {"right", x.slice(n, 2 * n)}},
        {{"amount", data("targets", float32).slice(0, n)},
         {"sure", data("bits", float32).slice(0, n)}},
        {.batch_size = 16, .epochs = 3, .verbose = 0, .validation_split = 0.25, .shuffle = false});
    check_history(history, entry["history"]);
    const std::vector<Tensor> after = model.get_weights();
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(difference(after[i], to_numbers(entry["weights"][i]), {1e-4, 1e-5}) == "");
    }
  }
  CHECK(cases == 1);
}

}  // namespace
}  // namespace keratin::tests
