// BackupAndRestore: a run that was cut off anywhere and started again ends as one that was not.
// Killing a real process: tests/resume.
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "autograd/ops.h"
#include "keratin.h"
#include "tests/data/files.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;
namespace l = layers;

constexpr int kEpochs = 4;

// Unlike an error it gives nobody the time to save anything.
struct Killed {};

// What a run ends with.
struct Ended {
  std::vector<Tensor> weights;
  History history;
  std::string csv;
};

enum class Feeding { tensors, dataset, steps };

struct RunOptions {
  Feeding feeding = Feeding::dataset;
  callbacks::Frequency save_freq = 3;
  std::int64_t kill_after = -1;  // batches
  std::function<void(std::int64_t batch)> at_batch = {};
};

Tensor numbers(const Shape& shape, std::uint64_t seed) {
  return Tensor::from(normal_values(shape.size(), seed), shape);
}

// A process's life: everything is made anew from the same seed.
Ended run(const TemporaryFolder& folder, const RunOptions& options) {
  set_random_seed(7);
  const Tensor x = numbers({40, 6}, 1);
  const Tensor y = cast(greater(sum(x, {.axis = -1, .keepdims = true}), zeros({1})), float32);
  Sequential model({Input({.shape = {6}}), l::Dense({.units = 8, .activation = "relu"}),
                    l::BatchNormalization({.momentum = 0.7}), l::Dropout({.rate = 0.3}),
                    l::GaussianNoise({.stddev = 0.1}),
                    l::Dense({.units = 1, .activation = "sigmoid"})});
  model.compile({.optimizer = optimizers::Adam({.learning_rate = 0.0137, .use_ema = true}),
                 .loss = "binary_crossentropy",
                 .metrics = {"accuracy", metrics::AUC({.num_thresholds = 20, .name = "auc"})}});
  std::int64_t batches = 0;
  FitOptions fit = {
      .epochs = kEpochs,
      .verbose = 0,
      .callbacks =
          {
              callbacks::BackupAndRestore(
                  {.backup_dir = folder / "backup", .save_freq = options.save_freq}),
              callbacks::LambdaCallback({.on_train_batch_end =
                                             [&](std::int64_t, Logs&) {
                                               ++batches;
                                               if (options.at_batch) options.at_batch(batches);
                                               if (batches == options.kill_after) throw Killed{};
                                             }}),
              callbacks::LearningRateScheduler(
                  {.schedule = [](int, double lr) { return 0.9 * lr; }}),
              callbacks::ReduceLROnPlateau({.monitor = "val_loss", .patience = 1}),
              callbacks::EarlyStopping(
                  {.monitor = "val_loss", .patience = 2, .restore_best_weights = true}),
              callbacks::CSVLogger({.filename = folder / "log.csv"}),
          },
      .validation_data = {x.slice(0, 10), y.slice(0, 10)},
  };
  Ended ended;
  switch (options.feeding) {
    case Feeding::tensors:
      fit.batch_size = 8;
      ended.history = model.fit(x, y, fit);
      break;
    case Feeding::dataset:
      ended.history =
          model.fit(data::from_tensor_slices(x, y).shuffle(40).batch(8).prefetch(2), fit);
      break;
    case Feeding::steps:
      fit.steps_per_epoch = 7;  // passes of 5 batches
      ended.history = model.fit(data::from_tensor_slices(x, y).shuffle(40).repeat().batch(8), fit);
      break;
  }
  ended.weights = model.get_weights();
  ended.csv = read_file(folder / "log.csv");
  return ended;
}

// Started again until it ends.
Ended survive(const TemporaryFolder& folder, RunOptions options) {
  try {
    run(folder, options);
    FAIL("it was not killed");
  } catch (const Killed&) {
  }
  options.kill_after = -1;
  return run(folder, options);
}

void check_same(const Ended& a, const Ended& b) {
  REQUIRE(a.weights.size() == b.weights.size());
  for (std::size_t i = 0; i < a.weights.size(); ++i) {
    const auto bytes = static_cast<std::size_t>(a.weights[i].bytes());
    CHECK(std::memcmp(a.weights[i].raw(), b.weights[i].raw(), bytes) == 0);
  }
  CHECK(a.history.epoch == b.history.epoch);
  CHECK(a.history.seed == b.history.seed);
  REQUIRE(a.history.history.size() == b.history.history.size());
  for (const auto& [name, values] : a.history.history) {
    CAPTURE(name);
    CHECK(b.history.history.at(name) == values);
  }
  CHECK(a.csv == b.csv);
}

}  // namespace

TEST_CASE("resume: killed after any batch, the end is the same to the bit") {
  for (const Feeding feeding : {Feeding::tensors, Feeding::dataset, Feeding::steps}) {
    CAPTURE(static_cast<int>(feeding));
    const TemporaryFolder whole_folder;
    const Ended whole = run(whole_folder, {.feeding = feeding});
    CHECK(whole.history.epoch.size() == kEpochs);
    CHECK_FALSE(fs::exists(whole_folder / "backup"));  // it ended
    const std::int64_t per_epoch = feeding == Feeding::steps ? 7 : 5;
    for (std::int64_t batch = 1; batch <= per_epoch * kEpochs; batch += 2) {
      CAPTURE(batch);
      const TemporaryFolder folder;
      check_same(whole, survive(folder, {.feeding = feeding, .kill_after = batch}));
    }
    for (const std::int64_t batch : {std::int64_t{2}, per_epoch + 1, 3 * per_epoch}) {
      CAPTURE(batch);
      const TemporaryFolder folder;
      check_same(whole,
                 survive(folder, {.feeding = feeding, .save_freq = "epoch", .kill_after = batch}));
    }
  }
}

TEST_CASE("resume: killed again and again") {
  const TemporaryFolder whole_folder, folder;
  const Ended whole = run(whole_folder, {.save_freq = 1});
  for (int death = 0; death < 6; ++death) {
    CHECK_THROWS_AS(run(folder, {.save_freq = 1, .kill_after = 3}), Killed);
  }
  check_same(whole, run(folder, {.save_freq = 1}));
}

TEST_CASE("resume: an error of a callback is named, and the state saved first") {
  const TemporaryFolder whole_folder, folder;
  const Ended whole = run(whole_folder, {});
  const auto throws = [](std::int64_t batch) {
    if (batch == 8) throw std::runtime_error("no more paper");
  };
  CHECK_THROWS_WITH_AS(run(folder, {.save_freq = "epoch", .at_batch = throws}),
                       "Lambda, on_train_batch_end: no more paper", CallbackError);
  // From after batch 8, not from after epoch 1.
  std::int64_t batches = 0;
  const Ended ended =
      run(folder, {.save_freq = "epoch", .at_batch = [&](std::int64_t) { ++batches; }});
  CHECK(batches == 12);
  check_same(whole, ended);
}

TEST_CASE("resume: a full disk is warned of, training goes on, the backup before stays") {
  const TemporaryFolder whole_folder, folder;
  const Ended whole = run(whole_folder, {});
  rlimit before = {};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const auto limit = [&](rlim_t bytes) {
    const rlimit wanted{bytes, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &wanted) == 0);
  };
  // No file may grow beyond 100 bytes from batch 4 on: the backups after 6 and 9 fail.
  const auto fills = [&](std::int64_t batch) {
    if (batch == 4) limit(100);
  };
  CHECK_THROWS_AS(run(folder, {.kill_after = 10, .at_batch = fills}), Killed);
  limit(before.rlim_cur);
  std::signal(SIGXFSZ, handler);
  std::int64_t batches = 0;
  const Ended ended = run(folder, {.at_batch = [&](std::int64_t) { ++batches; }});
  CHECK(batches == 20 - 3);
  check_same(whole, ended);
}

TEST_CASE("resume: broken and foreign backups are refused") {
  const TemporaryFolder folder;
  const std::string path = folder / "backup/latest.backup";
  CHECK_THROWS_AS(run(folder, {.kill_after = 5}), Killed);
  const std::string bytes = read_file(path);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, bytes.size() / 2, bytes.size() - 1}) {
    write_file(path, bytes.substr(0, size));
    CHECK_THROWS_AS(run(folder, {}), FileError);
  }
  std::string changed = bytes;
  changed[bytes.size() / 2] = static_cast<char>(changed[bytes.size() / 2] ^ 0x40);
  write_file(path, changed);
  CHECK_THROWS_AS(run(folder, {}), FileError);
  write_file(path, bytes);

  const auto backup = callbacks::BackupAndRestore({.backup_dir = folder / "backup"});
  Sequential other({Input({.shape = {6}}), l::Dense({.units = 1})});
  other.compile({.loss = "mse", .metrics = {"accuracy", metrics::AUC({.name = "auc"})}});
  const Tensor x = numbers({40, 6}, 1), y = zeros({40, 1});
  const FitOptions options = {.batch_size = 8, .epochs = 1, .verbose = 0, .callbacks = {backup}};
  CHECK_THROWS_WITH_AS(other.fit(x, y, options), Contains("the file has"), FileError);
  other.compile({.loss = "mse"});
  CHECK_THROWS_WITH_AS(other.fit(x, y, options), Contains("the metrics are"), FileError);
  FitOptions larger = options;
  larger.batch_size = 20;
  CHECK_THROWS_WITH_AS(other.fit(x, y, larger), Contains("2 batches a pass, and gave 5"),
                       FileError);
  CHECK(read_file(path) == bytes);

  CHECK_THROWS_AS(callbacks::BackupAndRestore({}), ValueError);
  write_file(folder / "file", "");
  CHECK_THROWS_AS(
      other.fit(x, y,
                {.callbacks = {callbacks::BackupAndRestore({.backup_dir = folder / "file/x"})}}),
      FileError);
}

}  // namespace keratin::tests
