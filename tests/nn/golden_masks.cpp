#include "autograd/ops.h"
#include "nn/layers/dense.h"
#include "nn/layers/embedding.h"
#include "nn/layers/pooling1d.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/mask.h"
#include "nn/metrics/accuracy.h"
#include "nn/model/model.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/sgd.h"
#include "tests/nn/golden_layers.h"

namespace keratin::tests {
namespace {

Tensor to_mask(const Json& value) { return to_tensor(value, boolean); }

void check_layer(const Json& entry, DType dtype) {
  const auto name = entry["name"].get<std::string>();
  LayerRef layer = to_layer(name, entry["options"]);
  const DType input_dtype = name == "Embedding" ? int32 : dtype;
  const auto given = [&](bool masked) {
    std::vector<Variable> inputs;
    for (std::size_t i = 0; i < entry["inputs"].size(); ++i) {
      Variable x(to_tensor(entry["inputs"][i], input_dtype), is_floating(input_dtype));
      const Json& mask = entry["masks"][i];
      inputs.push_back(masked && !mask.is_null() ? with_mask(x, to_mask(mask)) : x);
    }
    return inputs.size() == 1 ? Variables(inputs[0]) : Variables(inputs);
  };
  layer(given(false));
  const auto set_weights = [&] {
    std::vector<Tensor> weights;
    for (const Json& weight : entry["weights"]) weights.push_back(to_tensor(weight, dtype));
    layer.set_weights(weights);
  };
  set_weights();
  // The first input as a leaf of its own, to see its gradient.
  Variables inputs = given(true);
  const Variable leaf(to_tensor(entry["inputs"][0], input_dtype), is_floating(input_dtype));
  bool first = true;
  inputs = inputs.map([&](const Variable& x) {
    if (!std::exchange(first, false)) return x;
    return mask_of(x).defined() ? with_mask(leaf, mask_of(x)) : leaf;
  });
  const Variable y = layer(inputs, {.training = entry["training"].get<bool>()});
  const Tolerance tolerance = golden_tolerance(dtype);
  CHECK(difference(y.value(), entry["y"], tolerance) == "");
  CHECK(mask_of(y).defined() == !entry["mask"].is_null());
  if (mask_of(y).defined() && !entry["mask"].is_null()) {
    CHECK(mask_of(y).dtype() == boolean);
    CHECK(difference(mask_of(y), entry["mask"], {}) == "");
  }
  CHECK_FALSE(mask_of(leaf).defined());  // what the user holds stays as it is
  if (entry.contains("dy")) {
    y.backward(to_tensor({{"shape", entry["y"]["shape"]}, {"values", entry["dy"]}}, dtype));
    CHECK(difference(leaf.grad(), to_numbers(entry["dx"]), tolerance) == "");
  }
  if (!entry.contains("weights_after")) return;
  const std::vector<Variable> after = layer.weights();
  REQUIRE(after.size() == entry["weights_after"].size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(difference(after[i].value(), entry["weights_after"][i], tolerance) == "");
  }
}

void check_loss(const Json& entry, DType dtype) {
  Options given(entry["options"]);
  LossRef loss;
  if (entry["name"] == "mean_squared_error") {
    losses::LossOptions o;
    given.read("reduction", o.reduction);
    loss = losses::MeanSquaredError(o);
  } else {
    losses::SparseCategoricalCrossentropyOptions o;
    given.read("reduction", o.reduction).read("ignore_class", o.ignore_class);
    loss = losses::SparseCategoricalCrossentropy(o);
  }
  given.done();
  const Variable leaf(to_tensor(entry["y_pred"], dtype));
  const Tensor weight =
      entry.contains("sample_weight") ? to_tensor(entry["sample_weight"], dtype) : Tensor();
  const Variable value =
      loss(to_tensor(entry["y_true"], dtype), with_mask(leaf, to_mask(entry["mask"])), weight);
  CHECK(difference(value.value(), to_numbers(entry["loss"]["values"]), golden_tolerance(dtype)) ==
        "");
  if (!entry.contains("gradient")) return;
  value.backward();
  CHECK(difference(leaf.grad(), to_numbers(entry["gradient"]), golden_tolerance(dtype)) == "");
}

void check_metric(const Json& entry) {
  MetricRef metric(entry["name"].get<std::string>());
  for (const Json& update : entry["updates"]) {
    Tensor weight;
    if (update.contains("sample_weight")) weight = to_tensor(update["sample_weight"], float32);
    if (metric.metric()->reads_mask()) {
      weight = keratin::detail::masked_weight(weight, to_mask(update["mask"]));
    }
    metric.update_state(to_tensor(update["y_true"], float32), to_tensor(update["y_pred"], float32),
                        weight);
    const std::vector<double> result{metric.result().item<double>()};
    CHECK(difference(result, std::vector{to_number(update["result"])}, {2e-6, 1e-6}) == "");
  }
}

Model model_of(const std::string& kind) {
  const LayerRef embedding =
      layers::Embedding({.input_dim = 6, .output_dim = 3, .mask_zero = true});
  const LayerRef out = layers::Dense({.units = 5, .activation = "softmax"});
  const SymbolicTensor ids = Input({.shape = {4}, .dtype = int32});
  if (kind == "pooled") {
    return Sequential({ids, embedding, layers::GlobalAveragePooling1D(), out});
  }
  const auto inner = layers::Dense({.units = 4, .activation = "relu"})(embedding(ids));
  if (kind == "steps") return Model(ids, out(inner));
  const Model part(ids, inner);
  const auto again = Input({.shape = {4}, .dtype = int32});
  return Model(again, out(part(again)));
}

void check_model(const Json& entry) {
  Model model = model_of(entry["name"].get<std::string>());
  std::vector<Tensor> weights;
  for (const Json& weight : entry["weights"]) weights.push_back(to_tensor(weight, float32));
  model.set_weights(weights);
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.5}),
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"},
                 .weighted_metrics = {"sparse_categorical_accuracy"}});
  for (const Json& batch : entry["batches"]) {
    const Logs logs =
        model.train_on_batch(to_tensor(batch["x"], int32), to_tensor(batch["y"], int32),
                             to_tensor(batch["sample_weight"], float32));
    for (const auto& [key, value] : batch["logs"].items()) {
      CAPTURE(key);
      CHECK(logs.at(key) == doctest::Approx(to_number(value)).epsilon(1e-5));
    }
  }
  const std::vector<Variable> after = model.weights();
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(difference(after[i].value(), entry["weights_after"][i], {1e-5, 1e-6}) == "");
  }
}

TEST_CASE("golden: masks through layers, losses, metrics and models") {
  for (const Json& entry : golden("masks")["cases"]) {
    const auto kind = entry["kind"].get<std::string>();
    CAPTURE(kind);
    CAPTURE(entry["name"].get<std::string>());
    CAPTURE(entry.value("options", Json::object()).dump());
    if (entry.contains("masks")) CAPTURE(entry["masks"].dump());
    for (const DType dtype : {float64, float32}) {
      const PolicyScope policy(dtype);
      if (kind == "layer") check_layer(entry, dtype);
      if (kind == "loss") check_loss(entry, dtype);
    }
    if (kind == "metric") check_metric(entry);
    if (kind == "model") check_model(entry);
  }
}

}  // namespace
}  // namespace keratin::tests
