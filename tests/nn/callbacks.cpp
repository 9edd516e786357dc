// What callbacks do that needs no oracle: files, options, errors. Values that they watch:
// golden_callbacks.cpp.
#include <cmath>
#include <filesystem>
#include <set>
#include <sstream>

#include "autograd/ops/mean.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "nn/callbacks/csv_logger.h"
#include "nn/callbacks/early_stopping.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/callbacks/learning_rate_scheduler.h"
#include "nn/callbacks/model_checkpoint.h"
#include "nn/callbacks/reduce_lr_on_plateau.h"
#include "nn/callbacks/terminate_on_nan.h"
#include "nn/layers/dense.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/sgd.h"
#include "nn/saving/model_file.h"
#include "nn/schedules/cosine_decay.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;

Sequential compiled(const CompileOptions& options = {.optimizer = "sgd", .loss = "mse"}) {
  Sequential model({Input({.shape = {2}}), layers::Dense({.units = 1})});
  model.compile(options);
  return model;
}

const Tensor kX = Tensor::numbers({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2});
const Tensor kY = Tensor::numbers({0.1, 0.2, 0.3, 0.4}, {4, 1});

History fit(Model model, std::vector<CallbackRef> callbacks, FitOptions options = {}) {
  options.callbacks = std::move(callbacks);
  options.verbose = 0;
  return model.fit(kX, kY, options);
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// Loses at once: a rate that makes weights overflow.
Sequential diverging() {
  return compiled({.optimizer = optimizers::SGD({.learning_rate = 1e30}), .loss = "mse"});
}

}  // namespace

TEST_CASE("CSVLogger writes what History has, to the last bit") {
  const TemporaryFolder folder;
  const std::string path = folder / "log.csv";
  const History history = fit(compiled(), {callbacks::CSVLogger({.filename = path})},
                              {.epochs = 3, .validation_data = {kX, kY}});
  const std::vector<std::string> lines = lines_of(path);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "epoch,loss,val_loss");
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::istringstream row(lines[epoch + 1]);
    std::string number, loss, val_loss;
    std::getline(row, number, ',');
    std::getline(row, loss, ',');
    std::getline(row, val_loss, ',');
    CHECK(number == std::to_string(epoch));
    CHECK(std::stod(loss) == history.history.at("loss")[epoch]);
    CHECK(std::stod(val_loss) == history.history.at("val_loss")[epoch]);
  }
}

TEST_CASE("CSVLogger has columns for validation that comes later, and none where there is none") {
  const TemporaryFolder folder;
  const std::string path = folder / "log.csv";
  fit(compiled(), {callbacks::CSVLogger({.filename = path, .separator = ";"})},
      {.epochs = 2, .validation_data = {kX, kY}, .validation_freq = 2});
  std::vector<std::string> lines = lines_of(path);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "epoch;loss;val_loss");
  CHECK(lines[1].ends_with(";NA"));
  CHECK_FALSE(lines[2].ends_with(";NA"));

  const auto keep = [](int, double lr) { return lr; };
  fit(compiled(),
      {callbacks::LearningRateScheduler({.schedule = keep}),
       callbacks::CSVLogger({.filename = path})},
      {.epochs = 1});
  lines = lines_of(path);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "epoch,learning_rate,loss");
}

TEST_CASE("CSVLogger appends under the header that is there, after whole lines") {
  const TemporaryFolder folder;
  const std::string path = folder / "log.csv";
  write_file(path, "epoch,extra,loss\n0,1,0.5\n1,1,0.2");
  fit(compiled(), {callbacks::CSVLogger({.filename = path, .append = true})},
      {.epochs = 2, .initial_epoch = 1});
  const std::vector<std::string> lines = lines_of(path);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "epoch,extra,loss");
  CHECK(lines[1] == "0,1,0.5");
  CHECK(lines[2].starts_with("1,NA,"));

  write_file(path, "name,age\nann,3\n");
  CHECK_THROWS_WITH_AS(fit(compiled(), {callbacks::CSVLogger({.filename = path, .append = true})}),
                       Contains("its first column is \"name\""), FileError);
  CHECK(read_file(path) == "name,age\nann,3\n");
}

TEST_CASE("CSVLogger says before training where it cannot write") {
  const TemporaryFolder folder;
  const std::string path = folder / "missing/log.csv";
  int batches = 0;
  const auto count = [&](std::int64_t, Logs&) { ++batches; };
  CHECK_THROWS_WITH_AS(
      fit(compiled(), {callbacks::CSVLogger({.filename = path}),
                       callbacks::LambdaCallback({.on_train_batch_begin = count})}),
      Contains("cannot be written"), FileError);
  CHECK(batches == 0);
  CHECK_THROWS_AS(callbacks::CSVLogger({}), ValueError);
  CHECK_THROWS_AS(callbacks::CSVLogger({.filename = path, .separator = "::"}), ValueError);
}

TEST_CASE("LearningRateScheduler sets each epoch's rate, and logs it") {
  std::vector<int> epochs;
  std::vector<double> before;
  const auto schedule = [&](int epoch, double rate) {
    epochs.push_back(epoch);
    before.push_back(rate);
    return rate / 2;
  };
  const History history =
      fit(compiled({.optimizer = optimizers::SGD({.learning_rate = 0.008}), .loss = "mse"}),
          {callbacks::LearningRateScheduler({.schedule = schedule})},
          {.epochs = 4, .initial_epoch = 1});
  CHECK(epochs == std::vector<int>{1, 2, 3});
  CHECK(before == std::vector<double>{0.008, 0.004, 0.002});
  CHECK(history.history.at("learning_rate") == std::vector<double>{0.004, 0.002, 0.001});

  CHECK_THROWS_AS(callbacks::LearningRateScheduler({}), ValueError);
  for (const double wrong : {-1.0, std::nan(""), HUGE_VAL}) {
    const auto gives = [wrong](int, double) { return wrong; };
    CHECK_THROWS_WITH_AS(fit(compiled(), {callbacks::LearningRateScheduler({.schedule = gives})}),
                         Contains("expected at least 0"), ValueError);
  }
}

TEST_CASE("callbacks that set the rate refuse an optimizer with a schedule") {
  const auto scheduled = [] {
    return compiled(
        {.optimizer = optimizers::SGD({.learning_rate = optimizers::schedules::CosineDecay(
                                           {.initial_learning_rate = 0.1, .decay_steps = 10})}),
         .loss = "mse"});
  };
  const auto keep = [](int, double lr) { return lr; };
  CHECK_THROWS_AS(fit(scheduled(), {callbacks::LearningRateScheduler({.schedule = keep})}),
                  ValueError);
  CHECK_THROWS_AS(fit(scheduled(), {callbacks::ReduceLROnPlateau({.monitor = "loss"})}),
                  ValueError);
}

TEST_CASE("TerminateOnNaN ends training with the batch whose loss is no number") {
  FitOptions options = {.batch_size = 1, .epochs = 5};
  int batches = 0;
  const auto count =
      callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) { ++batches; }});
  const History history = fit(diverging(), {callbacks::TerminateOnNaN(), count}, options);
  CHECK(history.epoch.size() == 1);
  CHECK(batches < 4);
  CHECK_FALSE(std::isfinite(history.history.at("loss")[0]));
  CHECK_THROWS_WITH_AS(
      fit(diverging(), {callbacks::TerminateOnNaN({.raise_error = true})}, options),
      Contains("the loss of batch"), ValueError);

  batches = 0;
  fit(compiled(), {callbacks::TerminateOnNaN(), count}, options);
  CHECK(batches == 20);
}

TEST_CASE("a monitor's direction is known or asked for, never guessed") {
  const auto watch = [&](const char* monitor, const char* mode = "auto") {
    fit(compiled({.optimizer = "sgd", .loss = "mse", .metrics = {"mae", "accuracy"}}),
        {callbacks::EarlyStopping({.monitor = monitor, .mode = mode})},
        {.epochs = 1, .validation_data = {kX, kY}});
  };
  for (const char* known : {"loss", "val_loss", "mae", "val_mae", "accuracy", "val_accuracy"}) {
    CAPTURE(known);
    CHECK_NOTHROW(watch(known));
  }
  CHECK_THROWS_WITH_AS(watch("val_auc"), Contains("give .mode = \"min\" or \"max\""), ValueError);
  CHECK_NOTHROW(watch("val_auc", "max"));  // warned of
  CHECK_THROWS_WITH_AS(callbacks::EarlyStopping({.mode = "maximum"}),
                       Contains("expected \"auto\", \"min\" or \"max\""), ValueError);
  CHECK_THROWS_AS(callbacks::EarlyStopping({.patience = -1}), ValueError);
  CHECK_THROWS_AS(callbacks::EarlyStopping({.min_delta = -0.1}), ValueError);
  CHECK_THROWS_AS(callbacks::EarlyStopping({.monitor = ""}), ValueError);
  CHECK_THROWS_AS(callbacks::ReduceLROnPlateau({.factor = 1}), ValueError);
  CHECK_THROWS_AS(callbacks::ReduceLROnPlateau({.cooldown = -1}), ValueError);
}

TEST_CASE("ModelCheckpoint saves each epoch under a name with its numbers") {
  const TemporaryFolder folder;
  Sequential model = compiled();
  const History history =
      fit(model,
          {callbacks::ModelCheckpoint(
              {.filepath = folder / "{epoch}/model_{epoch:02d}-{val_loss:.3f}.keras"})},
          {.epochs = 2, .validation_data = {kX, kY}});
  for (const int epoch : {1, 2}) {
    const double loss = history.history.at("val_loss")[static_cast<std::size_t>(epoch - 1)];
    const std::string path =
        folder / fmt::format("{}/model_{:02d}-{:.3f}.keras", epoch, epoch, loss);
    CAPTURE(path);
    Model saved = load_model(path);
    CHECK(saved.evaluate(kX, kY, {.verbose = 0}).at("loss") == loss);
  }
}

TEST_CASE("ModelCheckpoint counts batches across epochs, and can save weights alone") {
  const TemporaryFolder folder;
  fit(compiled(),
      {callbacks::ModelCheckpoint({.filepath = folder / "{epoch}-{batch}.weights.h5",
                                   .save_weights_only = true,
                                   .save_freq = 3})},
      {.batch_size = 1, .epochs = 3});
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    files.insert(entry.path().filename().string());
  }
  // Batches 3, 6, 9 and 12 of 4 an epoch.
  CHECK(files == std::set<std::string>{"1-3.weights.h5", "2-2.weights.h5", "3-1.weights.h5",
                                       "3-4.weights.h5"});
}

TEST_CASE("ModelCheckpoint keeps the best") {
  const TemporaryFolder folder;
  const std::string path = folder / "best.keras";
  const std::vector<double> values{0.5, 0.7, 0.3, NAN, 0.4};
  Sequential model = compiled();
  std::vector<float> weights;
  const auto told = callbacks::LambdaCallback({.on_epoch_end = [&](int epoch, Logs& logs) {
    logs["val_loss"] = values[static_cast<std::size_t>(epoch)];
    weights.push_back(model.get_weights()[0].item<float>({0, 0}));
  }});
  const auto run = [&](std::optional<double> threshold) {
    weights.clear();
    fit(model,
        {told,
         callbacks::ModelCheckpoint(
             {.filepath = path, .save_best_only = true, .initial_value_threshold = threshold})},
        {.epochs = 5});
  };
  run({});
  CHECK(load_model(path).get_weights()[0].item<float>({0, 0}) == weights[2]);
  std::filesystem::remove(path);
  run(0.1);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("ModelCheckpoint: what is wrong is said before training") {
  const TemporaryFolder folder;
  const auto checkpoint = [&](const std::string& path, bool weights = false) {
    return callbacks::ModelCheckpoint({.filepath = path, .save_weights_only = weights});
  };
  CHECK_THROWS_AS(checkpoint(folder / "model.h5"), ValueError);
  CHECK_THROWS_AS(checkpoint(folder / "model.keras", true), ValueError);
  CHECK_THROWS_AS(callbacks::ModelCheckpoint({.filepath = "m.keras", .save_freq = 0}), ValueError);
  CHECK_THROWS_AS(callbacks::ModelCheckpoint({.filepath = "m.keras", .save_freq = "batch"}),
                  ValueError);
  write_file(folder / "file", "");
  CHECK_THROWS_WITH_AS(fit(compiled(), {checkpoint(folder / "file/model.keras")}),
                       Contains("the folder cannot be made"), FileError);
  CHECK_THROWS_WITH_AS(fit(compiled(), {checkpoint(folder / "{acc}.keras")}),
                       Contains("its fields can be epoch, loss"), ValueError);
  const auto own = [](const Variable& t, const Variable& p) {
    return mean(square(t - p), {.axis = -1});
  };
  int batches = 0;
  const auto count =
      callbacks::LambdaCallback({.on_train_batch_begin = [&](std::int64_t, Logs&) { ++batches; }});
  CHECK_THROWS_WITH_AS(fit(compiled({.loss = own}), {count, checkpoint(folder / "model.keras")}),
                       Contains("a function of the program"), ValueError);
  CHECK(batches == 0);
}

}  // namespace keratin::tests
