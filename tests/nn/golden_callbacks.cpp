// Callbacks that watch a value: what they do is what Keras' do, given the same values.
#include <cmath>

#include "nn/callbacks/early_stopping.h"
#include "nn/callbacks/reduce_lr_on_plateau.h"
#include "nn/layers/dense.h"
#include "nn/metrics/accuracy.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/sgd.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

// Writes the value of each epoch into the logs.
class Told : public Callback {
 public:
  Told(std::string monitor, std::vector<double> values)
      : monitor_(std::move(monitor)), values_(std::move(values)) {}
  void on_epoch_end(int epoch, Logs& logs) override {
    logs[monitor_] = values_[static_cast<std::size_t>(epoch)];
  }

 private:
  std::string monitor_;
  std::vector<double> values_;
};

// Notes rate and weight of each epoch, before the callback that is tested.
class Noted : public Callback {
 public:
  Noted(std::vector<double>& rates, std::vector<double>& weights)
      : rates_(rates), weights_(weights) {}
  void on_epoch_end(int, Logs&) override {
    rates_.push_back(model().optimizer().learning_rate());
    weights_.push_back(model().get_weights()[0].item<double>());
  }

 private:
  std::vector<double>&rates_, &weights_;
};

CallbackRef made(const Json& test) {
  Options given(test["options"]);
  const auto common = [&](auto& options) {
    given.read("monitor", options.monitor)
        .read("min_delta", options.min_delta)
        .read("patience", options.patience)
        .read("mode", options.mode);
  };
  CallbackRef callback;
  if (test["callback"] == "EarlyStopping") {
    callbacks::EarlyStoppingOptions options;
    common(options);
    given.read("baseline", options.baseline)
        .read("restore_best_weights", options.restore_best_weights)
        .read("start_from_epoch", options.start_from_epoch);
    callback = callbacks::EarlyStopping(options);
  } else {
    REQUIRE(test["callback"] == "ReduceLROnPlateau");
    callbacks::ReduceLROnPlateauOptions options;
    common(options);
    given.read("factor", options.factor)
        .read("cooldown", options.cooldown)
        .read("min_lr", options.min_lr);
    callback = callbacks::ReduceLROnPlateau(options);
  }
  given.done();
  return callback;
}

}  // namespace

TEST_CASE("golden callbacks") {
  for (const Json& test : golden("callbacks")["cases"]) {
    CAPTURE(test.dump());
    const bool reduces = test["callback"] == "ReduceLROnPlateau";
    const std::vector<double> values = to_numbers(test["values"]);
    const std::string monitor = test["options"].value("monitor", "val_loss");
    Sequential model(
        {Input({.shape = {1}}),
         layers::Dense({.units = 1, .use_bias = false, .kernel_initializer = "zeros"})});
    model.compile({.optimizer = optimizers::SGD({.learning_rate = reduces ? 1 : 0.01}),
                   .loss = "mse",
                   .metrics = {metrics::BinaryAccuracy({.name = "accuracy"})}});
    const Tensor x = ones({4, 1});
    const Tensor y = reduces ? zeros({4, 1}) : x;
    std::vector<double> rates, weights;
    model.fit(x, y,
              {.epochs = static_cast<int>(values.size()),
               .verbose = 0,
               .callbacks = {make_callback<Told>(monitor, values),
                             make_callback<Noted>(rates, weights), made(test)},
               .validation_data = {x, y}});
    REQUIRE(static_cast<int>(weights.size()) == test["epochs"].get<int>());
    CHECK(model.get_weights()[0].item<double>() ==
          weights[test["weights_of_epoch"].get<std::size_t>()]);
    rates.erase(rates.begin());
    rates.push_back(model.optimizer().learning_rate());
    const std::vector<double> expected = to_numbers(test["rates"]);
    REQUIRE(rates.size() == expected.size());
    for (std::size_t i = 0; i < rates.size(); ++i) {
      CHECK(std::abs(rates[i] - expected[i]) <= 1e-5 * expected[i]);
    }
  }
}

}  // namespace keratin::tests
