// Models with parts on the CPU, of classes of one's own, and their files.
#include <cmath>
#include <filesystem>
#include <limits>

#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "nn/callbacks/backup_and_restore.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/callbacks/model_checkpoint.h"
#include "nn/layers/merge.h"
#include "nn/layers/preprocessing/string_lookup.h"
#include "nn/saving/model_file.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {

TEST_CASE("gpu: strings and preprocessing stay on the CPU, what follows goes over") {
  const WithEmulatedGpu gpu;
  const auto make = [] {
    const SymbolicTensor colour = Input({.shape = {1}, .dtype = string, .name = "colour"});
    const SymbolicTensor size = Input({.shape = {2}, .name = "size"});
    const SymbolicTensor one_hot = layers::StringLookup(
        {.vocabulary = {"red", "green", "blue"}, .output_mode = "one_hot"})(colour);
    const SymbolicTensor a = layers::Dense({.units = 3, .activation = "relu"})(one_hot);
    const SymbolicTensor b = layers::Dense({.units = 3, .activation = "relu"})(size);
    return Model({{"colour", colour}, {"size", size}},
                 layers::Dense({.units = 2, .activation = "softmax"})(layers::Add()({a, b})));
  };
  const Tensors x = {
      {"colour", Tensor::strings({"red", "blue", "green", "red", "pink", "blue"}, {6, 1})},
      {"size", normal({6, 2}, 1)}};
  check_same(
      make,
      [] { return CompileOptions{.optimizer = "adam", .loss = "sparse_categorical_crossentropy"}; },
      x, classes(6, 2), kShort, {.rel = 1e-4, .abs = 1e-5});
}

TEST_CASE("gpu: classes of one's own, and a step of one's own") {
  const WithEmulatedGpu gpu;
  struct Twice final : Model {
    layers::Dense inner = track(layers::Dense({.units = 4, .activation = "relu"}));
    layers::Dense last = track(layers::Dense({.units = 3}));
    Variable call(const Variable& x, CallContext context) override {
      return last(inner(x, context), context);
    }
    // The batch is on the CPU, as the data gave it.
    Tensors train_step(const Example& batch) override {
      const Tensor noisy = batch.x + 0.1 * randn(batch.x.shape());
      const Variable y = (*this)(Tensors(noisy), {.training = true});
      const Variable loss = compute_loss(batch.x, batch.y, y);
      loss.backward();
      optimizer().apply_gradients(trainable_variables());
      loss_tracker().update_state(loss.value());
      return compute_metrics(batch.x, batch.y, y);
    }
  };
  const auto losses = [](const char* device) {
    set_device(device);
    set_random_seed(3);
    Twice model;
    model.compile({.optimizer = "sgd", .loss = "mse", .metrics = {"mae"}});
    const History history = model.fit(normal({8, 6}, 1), normal({8, 3}, 2), kShort);
    std::vector<double> all = history.history.at("loss");
    all.insert(all.end(), history.history.at("mae").begin(), history.history.at("mae").end());
    return all;
  };
  CHECK(difference(losses("cuda:0"), losses("cpu"), {.rel = 1e-4, .abs = 1e-5}) == "");
}

TEST_CASE("gpu: files and backups hold the same bits from either device") {
  const WithEmulatedGpu gpu;
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "keratin_gpu_files";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const Tensor x = normal({16, 6}, 1), y = classes(16, 3);
  const auto compiled = [&] {
    set_random_seed(5);
    Model model = perceptron();
    model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
    return model;
  };
  set_device("cuda");
  Model model = compiled();
  FitOptions fit = kShort;
  fit.callbacks = {
      callbacks::ModelCheckpoint({.filepath = folder / "best.keras", .monitor = "loss"})};
  model.fit(x, y, fit);
  model.save(folder / "there.keras");
  const std::vector<float> weights = weights_of(model);
  set_device("cpu");
  Model here = load_model(folder / "there.keras");
  CHECK(weights_of(here) == weights);
  CHECK(here.weights()[0].value().device().is_cpu());
  here.save(folder / "here.keras");
  set_device("cuda");
  Model back = load_model(folder / "here.keras");
  CHECK(back.weights()[0].value().device().text() == "cuda:0");
  CHECK(weights_of(back) == weights);
  // The optimizer's state came along: training on gives the same bits.
  back.fit(x, y, {.batch_size = 4, .epochs = 1, .verbose = 0, .shuffle = false});
  model.fit(x, y, {.batch_size = 4, .epochs = 1, .verbose = 0, .shuffle = false});
  CHECK(weights_of(back) == weights_of(model));

  // A run that was cut short goes on to the same bits.
  const auto run = [&](const char* backup, int stop_at) {
    Model one = compiled();
    FitOptions options = {.batch_size = 4, .epochs = 3, .verbose = 0};
    options.callbacks = {callbacks::BackupAndRestore(
        {.backup_dir = folder / backup, .save_freq = 1, .delete_checkpoint = false})};
    int batches = 0;
    options.callbacks.push_back(
        callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
          if (batches++ == stop_at) throw ValueError("stop");
        }}));
    try {
      one.fit(x, y, options);
    } catch (const ValueError&) {
    }
    return weights_of(one);
  };
  const std::vector<float> whole = run("whole", -1);
  run("cut", 5);
  CHECK(run("cut", -1) == whole);
  fs::remove_all(folder);
}

TEST_CASE("gpu: a loss that is not finite is told of, with the layer") {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  Model model = perceptron();
  model.compile({.optimizer = "sgd", .loss = "sparse_categorical_crossentropy"});
  std::vector<Tensor> weights = model.get_weights();
  weights[2] = full(weights[2].shape(), std::numeric_limits<double>::infinity());
  model.set_weights(weights);
  const Logs logs = model.train_on_batch(normal({4, 6}, 1), classes(4, 3));
  CHECK(std::isnan(logs.at("loss")));
}

}  // namespace keratin::tests
