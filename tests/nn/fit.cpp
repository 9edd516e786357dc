// The loops: what fit, evaluate and predict do with their options, in what order, and with what
// numbers. That the numbers are Keras' own is held in golden_training.cpp.
#include <algorithm>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "kernels/parallel.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/dropout.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/accuracy.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/sgd.h"
#include "tensor/compare.h"
#include "tensor/random.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

Sequential line(const CompileOptions& options = {.optimizer = "sgd", .loss = "mse"}) {
  Sequential model(
      {Input({.shape = {2}}), layers::Dense({.units = 1, .kernel_initializer = "zeros"})});
  model.compile(options);
  return model;
}

struct Samples {
  Tensor x, y;
};

Samples sums(std::int64_t rows) {
  const Tensor x = Tensor::from(normal_values(rows * 2, 7), {rows, 2});
  return {x, sum(x, {.axis = -1, .keepdims = true})};
}

// Notes every hook: "begin", "epoch 0", "batch 0" ...
class Notes : public Callback {
 public:
  explicit Notes(std::vector<std::string>& notes) : notes_(notes) {}
  void on_train_begin(Logs&) override { note("train"); }
  void on_train_end(Logs& logs) override { note("/train" + keys(logs)); }
  void on_epoch_begin(int epoch, Logs&) override { note("epoch " + std::to_string(epoch)); }
  void on_epoch_end(int epoch, Logs& logs) override {
    note("/epoch " + std::to_string(epoch) + keys(logs));
  }
  void on_train_batch_begin(std::int64_t batch, Logs&) override {
    note("batch " + std::to_string(batch));
  }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override {
    note("/batch " + std::to_string(batch) + keys(logs));
  }
  void on_test_begin(Logs&) override { note("test"); }
  void on_test_end(Logs& logs) override { note("/test" + keys(logs)); }
  void on_test_batch_begin(std::int64_t batch, Logs&) override {
    note("test batch " + std::to_string(batch));
  }
  void on_test_batch_end(std::int64_t batch, Logs&) override {
    note("/test batch " + std::to_string(batch));
  }
  void on_predict_begin(Logs&) override { note("predict"); }
  void on_predict_end(Logs&) override { note("/predict"); }
  void on_predict_batch_end(std::int64_t batch, Logs&) override {
    note("/predict batch " + std::to_string(batch));
  }

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }
  static std::string keys(const Logs& logs) {
    std::string all;
    for (const auto& [name, value] : logs) all += " " + name;
    return all;
  }
  std::vector<std::string>& notes_;
};

TEST_CASE("fit: hooks fire in Keras' order, logs are sorted by name") {
  const Samples s = sums(6);
  Sequential model = line({.optimizer = "sgd", .loss = "mse", .metrics = {"mae"}});
  std::vector<std::string> notes;
  model.fit(s.x, s.y,
            {.batch_size = 4,
             .epochs = 1,
             .verbose = 0,
             .callbacks = {make_callback<Notes>(notes)},
             .validation_data = {s.x, s.y}});
  CHECK(notes == std::vector<std::string>{"train", "epoch 0", "batch 0", "/batch 0 loss mae",
                                          "batch 1", "/batch 1 loss mae", "test", "test batch 0",
                                          "/test batch 0", "test batch 1", "/test batch 1",
                                          "/test loss mae", "/epoch 0 loss mae val_loss val_mae",
                                          "/train loss mae val_loss val_mae"});
  notes.clear();
  model.predict(s.x, {.batch_size = 4, .verbose = 0, .callbacks = {make_callback<Notes>(notes)}});
  CHECK(notes ==
        std::vector<std::string>{"predict", "/predict batch 0", "/predict batch 1", "/predict"});
}

TEST_CASE("fit: what a callback adds to the logs, later ones and History see") {
  const Samples s = sums(4);
  double seen = 0;
  const History history = line().fit(
      s.x, s.y,
      {.epochs = 2,
       .verbose = 0,
       .callbacks = {
           callbacks::LambdaCallback(
               {.on_epoch_end = [](int epoch, Logs& logs) { logs["mine"] = 10.0 + epoch; }}),
           callbacks::LambdaCallback(
               {.on_epoch_end = [&](int, const Logs& logs) { seen = logs.at("mine"); }})}});
  CHECK(seen == 11);
  CHECK(history.history.at("mine") == std::vector<double>{10, 11});
  CHECK(history.epoch == std::vector<int>{0, 1});
}

class Stopper : public Callback {
 public:
  void on_train_batch_end(std::int64_t batch, Logs&) override {
    if (batch == 2) model().stop_training();
  }
};

TEST_CASE("fit: stop_training ends after the batch; the epoch still ends") {
  const Samples s = sums(8);
  std::vector<std::string> notes;
  const History history =
      line().fit(s.x, s.y,
                 {.batch_size = 1,
                  .epochs = 5,
                  .verbose = 0,
                  .callbacks = {make_callback<Stopper>(), make_callback<Notes>(notes)},
                  .validation_split = 0.5});
  CHECK(history.epoch.size() == 1);
  CHECK(history.history.contains("val_loss"));
  CHECK(std::count(notes.begin(), notes.end(), "batch 3") == 0);
}

TEST_CASE("fit: epochs is the last one, initial_epoch the first") {
  const Samples s = sums(4);
  Sequential model = line();
  CHECK(model.fit(s.x, s.y, {.epochs = 5, .verbose = 0, .initial_epoch = 3}).epoch ==
        std::vector<int>{3, 4});
  CHECK(model.fit(s.x, s.y, {.epochs = 2, .verbose = 0, .initial_epoch = 3}).epoch.empty());
}

TEST_CASE("fit: validation_split holds out the last samples, before shuffling") {
  Tensor x = arange(0, 10).reshaped({10, 1});
  Sequential model(
      {Input({.shape = {1}}), layers::Dense({.units = 1, .kernel_initializer = "zeros"})});
  // With weights of 0 and a rate of 0 the loss is the mean of the targets' squares.
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0}), .loss = "mse"});
  const History history = model.fit(x, x, {.verbose = 0, .validation_split = 0.25});
  double train = 0, held_out = 0;
  for (int i = 0; i < 7; ++i) train += i * i;
  for (int i = 7; i < 10; ++i) held_out += i * i;
  CHECK(history.history.at("loss")[0] == doctest::Approx(train / 7));
  CHECK(history.history.at("val_loss")[0] == doctest::Approx(held_out / 3));
  CHECK_THROWS_AS(model.fit(x, x, {.validation_split = 1.0}), ValueError);
  CHECK_THROWS_AS(model.fit(x, x, {.validation_split = 0.99}), ValueError);
  CHECK_THROWS_AS(model.fit(x, x, {.validation_split = -0.5}), ValueError);
}

TEST_CASE("fit: the loss of an epoch counts every sample once, short batches too") {
  const Tensor x = arange(0, 5).reshaped({5, 1});
  Sequential model(
      {Input({.shape = {1}}), layers::Dense({.units = 1, .kernel_initializer = "zeros"})});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0}), .loss = "mse"});
  const History history = model.fit(x, x, {.batch_size = 2, .verbose = 0});
  CHECK(history.history.at("loss")[0] == doctest::Approx((0 + 1 + 4 + 9 + 16) / 5.0));
}

TEST_CASE("fit: class_weight and sample_weight scale the loss, weighted metrics see them") {
  const Tensor x = zeros({4, 2}), y = Tensor::numbers({0, 1, 1, 2}, {4}, int32);
  const auto make = [] {
    Sequential model({Input({.shape = {2}}), layers::Dense({.units = 3})});
    model.compile({.optimizer = optimizers::SGD({.learning_rate = 0}),
                   .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                   .metrics = {"accuracy"},
                   .weighted_metrics = {metrics::SparseCategoricalAccuracy({.name = "w"})}});
    return model;
  };
  const double each = std::log(3.0);
  const History by_class =
      make().fit(x, y, {.verbose = 0, .shuffle = false, .class_weight = {{1, 3.0}, {2, 0.0}}});
  CHECK(by_class.history.at("loss")[0] == doctest::Approx(each * (1 + 3 + 3 + 0) / 4));
  CHECK(by_class.history.at("accuracy")[0] == doctest::Approx(0.25));  // says 0 everywhere
  CHECK(by_class.history.at("w")[0] == doctest::Approx(1.0 / 7));
  const Tensor weight = Tensor::numbers({1, 0, 0, 1});
  const History by_sample = make().fit(x, y, {.verbose = 0, .sample_weight = weight});
  CHECK(by_sample.history.at("loss")[0] == doctest::Approx(each * 2 / 4));
  CHECK(by_sample.history.at("w")[0] == doctest::Approx(0.5));
  CHECK_THROWS_AS(
      make().fit(x, y, {.verbose = 0, .class_weight = {{1, 3.0}}, .sample_weight = weight}),
      ValueError);
}

TEST_CASE("fit: steps_per_epoch goes on where the epoch before stopped") {
  std::vector<double> seen;
  const Tensor x = arange(0, 6).reshaped({6, 1});
  const Dataset data = data::from_tensor_slices(x, x).batch(1).map([&](Example e) {
    seen.push_back(e.x.item<double>());
    return e;
  });
  Sequential model({layers::Dense({.units = 1})});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.fit(data.repeat(), {.epochs = 2, .verbose = 0, .steps_per_epoch = 4});
  CHECK(seen == std::vector<double>{0, 1, 2, 3, 4, 5, 0, 1});
}

TEST_CASE("fit: a dataset and the same tensors train alike") {
  const Samples s = sums(20);
  Sequential a = line(), b = line();
  a.fit(s.x, s.y, {.batch_size = 8, .epochs = 3, .verbose = 0, .shuffle = false});
  b.fit(data::from_tensor_slices(s.x, s.y).batch(8).prefetch(2), {.epochs = 3, .verbose = 0});
  CHECK(max_abs_difference(a.get_weights()[0], b.get_weights()[0]) == 0);
}

TEST_CASE("fit: validation_freq") {
  const Samples s = sums(4);
  const History history = line().fit(
      s.x, s.y, {.epochs = 5, .verbose = 0, .validation_data = {s.x, s.y}, .validation_freq = 2});
  CHECK(history.history.at("loss").size() == 5);
  CHECK(history.history.at("val_loss").size() == 2);
}

TEST_CASE("fit: several outputs have losses, weights and metrics by name") {
  const SymbolicTensor x = Input({.shape = {2}});
  const auto head = [&] { return layers::Dense({.units = 1, .kernel_initializer = "zeros"})(x); };
  Model model(x, {{"a", head()}, {"b", head()}});
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0}),
                 .loss = {{"a", "mse"}, {"b", "mae"}},
                 .loss_weights = {{"a", 0.5}, {"b", 2.0}},
                 .metrics = {{"a", {"mae", "mse"}}, {"b", "mae"}}});
  const Tensor in = zeros({3, 2}), three = full({3, 1}, 3), five = full({3, 1}, 5);
  const Logs logs = model.evaluate(in, {{"b", five}, {"a", three}}, {.verbose = 0});
  std::vector<std::string> names;
  for (const auto& [name, value] : logs) names.push_back(name);
  CHECK(names == std::vector<std::string>{"a_loss", "a_mae", "a_mse", "b_loss", "b_mae", "loss"});
  CHECK(logs.at("a_loss") == doctest::Approx(9));
  CHECK(logs.at("b_loss") == doctest::Approx(5));
  CHECK(logs.at("loss") == doctest::Approx(0.5 * 9 + 2 * 5));
  CHECK(logs.at("a_mae") == doctest::Approx(3));
  const Tensors said = model.predict(in, {.batch_size = 2, .verbose = 0});
  CHECK(said["b"].shape() == Shape{3, 1});

  CHECK_THROWS_WITH_AS(model.evaluate(in, {{"a", three}, {"c", five}}, {.verbose = 0}),
                       doctest::Contains("\"c\""), ValueError);
  CHECK_THROWS_WITH_AS(model.compile({.loss = {{"a", "mse"}, {"bb", "mse"}}}),
                       doctest::Contains("\"bb\""), ValueError);
  CHECK_THROWS_AS(model.compile({.loss = "mse", .metrics = {"mae"}}), ValueError);
}

// ---- determinism

std::vector<Tensor> trained_weights(std::uint64_t seed) {
  set_random_seed(seed);
  Sequential model({Input({.shape = {12, 12, 1}}),
                    layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
                    layers::MaxPooling2D(), layers::Flatten(), layers::Dropout({.rate = 0.3}),
                    layers::Dense({.units = 5, .activation = "softmax"})});
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  const Tensor x = randn({150, 12, 12, 1});
  const Tensor y = argmax(randn({150, 5}), {.axis = -1});
  model.fit(x, y, {.epochs = 2, .verbose = 0});
  return model.get_weights();
}

TEST_CASE("fit: one seed gives the same bits on 1, 2 and 4 threads, another seed others") {
  const int threads = kernels::thread_count();
  std::vector<std::vector<Tensor>> runs;
  for (const int count : {1, 2, 4, 1}) {
    kernels::set_thread_count(count);
    runs.push_back(trained_weights(5));
  }
  kernels::set_thread_count(threads);
  for (std::size_t run = 1; run < runs.size(); ++run) {
    for (std::size_t i = 0; i < runs[0].size(); ++i) {
      CHECK(max_abs_difference(runs[0][i], runs[run][i]) == 0);
    }
  }
  CHECK(max_abs_difference(runs[0][0], trained_weights(6)[0]) > 0);
}

TEST_CASE("fit: the seed stands in the History") {
  set_random_seed(77);
  const Samples s = sums(4);
  CHECK(line().fit(s.x, s.y, {.verbose = 0}).seed == 77);
}

// ---- single batches, predict, a training step of one's own

TEST_CASE("train_on_batch: one update, the metrics of this batch alone") {
  const Samples s = sums(32);
  Sequential model = line({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"});
  double last = 1e9;
  for (int i = 0; i < 20; ++i) {
    const double loss = model.train_on_batch(s.x, s.y).at("loss");
    CHECK(loss < last);
    last = loss;
  }
  CHECK(model.test_on_batch(s.x, s.y).at("loss") < last);
  CHECK(model.optimizer().iterations() == 20);
}

TEST_CASE("predict: needs no compile, keeps the order, allows NaN") {
  Sequential model({layers::Dense({.units = 2})});
  const Samples s = sums(11);
  const Tensor whole = model(s.x).value();
  const Tensor pieces = model.predict(s.x, {.batch_size = 3, .verbose = 0});
  CHECK(max_abs_difference(whole, pieces) < 1e-6);
  Tensor with_nan = s.x.copy();
  with_nan.mutable_data<float>()[2] = std::nanf("");
  const Tensor said = model.predict(with_nan, {.verbose = 0});
  CHECK(std::isnan(said.item<float>({1, 0})));
  CHECK_FALSE(std::isnan(said.item<float>({0, 0})));
}

class HalfLoss : public Model {
 public:
  Variable call(const Variable& x, CallContext context) override { return dense_(x, context); }
  Tensors train_step(const Example& batch) override {
    const Variable y = (*this)(batch.x, {.training = true});
    const Variable loss = compute_loss(batch.x, batch.y, y) * 0.5;
    loss.backward();
    optimizer().apply_gradients(trainable_variables());
    loss_tracker().update_state(loss.value());
    ++steps;
    return compute_metrics(batch.x, batch.y, y);
  }
  int steps = 0;

 private:
  layers::Dense dense_ = track(layers::Dense({.units = 1, .kernel_initializer = "zeros"}));
};

TEST_CASE("a training step of one's own is what fit runs") {
  const Samples s = sums(8);
  HalfLoss model;
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0}), .loss = "mse"});
  const double half = model.fit(s.x, s.y, {.batch_size = 8, .verbose = 0}).history.at("loss")[0];
  CHECK(model.steps == 1);
  CHECK(model.evaluate(s.x, s.y, {.verbose = 0}).at("loss") == doctest::Approx(2 * half));
}

// ---- bad input: an error before anything changed

TEST_CASE("fit: bad input is refused and changes nothing") {
  const Samples s = sums(8);
  Sequential model = line();
  const std::vector<Tensor> before = model.get_weights();
  const auto refuses = [&](const Tensor& x, const Tensor& y, const FitOptions& options,
                           const char* says) {
    CAPTURE(says);
    CHECK_THROWS_WITH_AS(model.fit(x, y, options), doctest::Contains(says), Error);
    CHECK(max_abs_difference(before[0], model.get_weights()[0]) == 0);
    CHECK(max_abs_difference(before[1], model.get_weights()[1]) == 0);
  };
  const FitOptions quiet{.verbose = 0};
  refuses(s.x.slice(0, 4), s.y, quiet, "numbers of samples differ");
  refuses(zeros({0, 2}), zeros({0, 1}), quiet, "empty");
  refuses(s.x, zeros({8, 3}), quiet, "[8, 3]");
  refuses(zeros({8, 3}), s.y, quiet, "[8, 3]");
  refuses(s.x, {}, quiet, "y");
  refuses(Tensor::scalar(1), s.y, quiet, "rows of samples");
  refuses(Tensor::strings({"a", "b"}), zeros({2, 1}), quiet, "string");
  refuses(s.x, s.y, {.batch_size = 0, .verbose = 0}, "batch_size is 0");
  refuses(s.x, s.y, {.epochs = -1, .verbose = 0}, "epochs is -1");
  refuses(s.x, s.y, {.verbose = 0, .validation_freq = 0}, "validation_freq is 0");
  refuses(s.x, s.y, {.verbose = 0, .callbacks = {CallbackRef()}}, "callbacks");
  Tensor with_nan = s.x.copy();
  with_nan.mutable_data<float>()[5] = std::nanf("");
  refuses(with_nan, s.y, {.verbose = 0, .shuffle = false}, "NaN in row 2 of batch 0");
  refuses(s.x, with_nan, {.verbose = 0}, "NaN");
  CHECK_THROWS_AS(Verbose(3), ValueError);
  CHECK_THROWS_AS(Verbose("loud"), ValueError);
}

TEST_CASE("fit: labels out of range are refused before the weights change") {
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 3, .activation = "softmax"})});
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  const std::vector<Tensor> before = model.get_weights();
  for (const double bad : {3.0, -1.0, 0.5}) {
    const Tensor y = Tensor::numbers({0, bad});
    CHECK_THROWS_AS(model.fit(ones({2, 2}), y, {.verbose = 0}), ValueError);
    CHECK(max_abs_difference(before[0], model.get_weights()[0]) == 0);
  }
}

TEST_CASE("fit: an uncompiled model, one without a loss, unknown names") {
  const Samples s = sums(4);
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 1})});
  CHECK_THROWS_WITH_AS(model.fit(s.x, s.y), doctest::Contains("not compiled"), ValueError);
  CHECK_THROWS_WITH_AS(model.evaluate(s.x, s.y), doctest::Contains("not compiled"), ValueError);
  CHECK_THROWS_WITH_AS(model.train_on_batch(s.x, s.y), doctest::Contains("not compiled"),
                       ValueError);
  model.compile({.optimizer = "adam"});
  CHECK_THROWS_WITH_AS(model.fit(s.x, s.y, {.verbose = 0}), doctest::Contains("without a loss"),
                       ValueError);
  CHECK_THROWS_WITH_AS(model.compile({.optimizer = "adamm"}),
                       doctest::Contains("did you mean \"adam\""), ValueError);
  CHECK_THROWS_WITH_AS(model.compile({.loss = "mean_squared_eror"}),
                       doctest::Contains("mean_squared_error"), ValueError);
  CHECK_THROWS_WITH_AS(model.compile({.loss = "mse", .metrics = {"acuracy"}}),
                       doctest::Contains("accuracy"), ValueError);
}

TEST_CASE("fit: datasets that are empty, unset or given what belongs to tensors") {
  const Samples s = sums(4);
  Sequential model = line();
  const Dataset batches = data::from_tensor_slices(s.x, s.y).batch(2);
  CHECK_THROWS_AS(model.fit(Dataset()), ValueError);
  CHECK_THROWS_WITH_AS(model.fit(batches.take(0)), doctest::Contains("empty"), ValueError);
  CHECK_THROWS_AS(model.fit(batches, {.batch_size = 2}), ValueError);
  CHECK_THROWS_AS(model.fit(batches, {.validation_split = 0.5}), ValueError);
  CHECK_THROWS_AS(model.fit(batches, {.sample_weight = ones({4})}), ValueError);
  const Dataset nothing = data::from_generator([]() -> std::optional<Example> { return {}; });
  CHECK_THROWS_AS(model.fit(nothing, {.verbose = 0}), ValueError);
  CHECK_THROWS_AS(model.evaluate(nothing, {.verbose = 0}), ValueError);
  CHECK_THROWS_AS(model.predict(nothing, {.verbose = 0}), ValueError);
}

TEST_CASE("fit: frozen variables have no gradient; a constraint holds after each step") {
  const Samples s = sums(8);
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 4, .name = "frozen"}),
                    layers::Dense({.units = 1, .kernel_constraint = "non_neg"})});
  model.get_layer("frozen").set_trainable(false);
  model.compile({.optimizer = optimizers::SGD({.learning_rate = 0.5}), .loss = "mse"});
  const std::vector<Tensor> before = model.get_weights();
  model.fit(s.x, s.y, {.epochs = 2, .verbose = 0});
  const std::vector<Tensor> after = model.get_weights();
  CHECK(max_abs_difference(before[0], after[0]) == 0);
  CHECK(max_abs_difference(before[3], after[3]) > 0);
  for (const double w : after[2].to_vector<double>()) CHECK(w >= 0);
}

}  // namespace
}  // namespace keratin::tests
