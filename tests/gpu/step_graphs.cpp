// fit with steps as graphs of the emulated GPU: the same bits as kernel by kernel.
#include <map>
#include <random>

#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "kernels/run.h"
#include "nn/callbacks/backup_and_restore.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/lambda.h"
#include "nn/layers/masking.h"
#include "nn/layers/noise.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/preprocessing/category_encoding.h"
#include "nn/layers/preprocessing/string_lookup.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/accuracy.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/lamb.h"
#include "nn/optimizers/nadam.h"
#include "nn/optimizers/sgd.h"
#include "nn/schedules/cosine_decay.h"
#include "tensor/compare.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/data/files.h"
#include "tests/gpu/programs.h"
#include "tests/standard_error.h"

namespace keratin::tests {
namespace {

using doctest::Contains;

struct Launches {
  std::int64_t kernels = cuda_emulation::launches(), graphs = cuda_emulation::graph_launches();
  Launches since() const {
    const Launches now;
    return {now.kernels - kernels, now.graphs - graphs};
  }
};

std::map<std::string, std::vector<double>> of(const History& history) {
  return {history.history.begin(), history.history.end()};
}

struct Ended {
  Run run;
  Launches launches;
};

template <class Make>
Ended trained(bool eagerly, Make make, CompileOptions compile, const Tensors& x, const Tensors& y,
              const FitOptions& fit) {
  compile.run_eagerly = eagerly;
  const Launches before;
  Ended ended{trained("cuda:0", make, compile, x, y, fit), {}};
  ended.launches = before.since();
  return ended;
}

// Both ways give the same bits; `graphs` of the steps are launched as graphs.
template <class Make>
void check_same(Make make, const std::function<CompileOptions()>& compile, const Tensors& x,
                const Tensors& y, const FitOptions& fit, std::int64_t graphs) {
  const WithEmulatedGpu gpu;
  const Ended eager = trained(true, make, compile(), x, y, fit);
  const Ended captured = trained(false, make, compile(), x, y, fit);
  CHECK(captured.run.first == eager.run.first);
  CHECK(captured.run.last == eager.run.last);
  CHECK(captured.run.said == eager.run.said);
  CHECK(of(captured.run.history) == of(eager.run.history));
  CHECK(captured.run.last != captured.run.first);
  if (on_real_gpu()) return;
  CHECK(eager.launches.graphs == 0);
  CHECK(captured.launches.graphs == graphs);
  CHECK(cuda_emulation::living_graphs() == 0);
}

CompileOptions sparse(const OptimizerRef& optimizer, const Metrics& metrics = {}) {
  return {.optimizer = optimizer, .loss = "sparse_categorical_crossentropy", .metrics = metrics};
}

// A metric of one's own, which reads on the CPU.
class FirstScore final : public Metric {
 public:
  using Metric::Metric;
  void update_state(const Tensor&, const Tensor& y_pred, const Tensor&) override {
    score_ = y_pred.item<double>({0, 0});
  }
  Tensor result() const override { return Tensor::scalar(score_); }

 private:
  double score_ = 0;
};

Tensor pixels(const Shape& shape) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(shape.size()));
  std::mt19937_64 random(4);
  for (auto& value : values) value = static_cast<std::uint8_t>(random());
  return Tensor::from(values, shape);
}

FitOptions epochs(int count, std::int64_t batch = 4) {
  return {.batch_size = batch, .epochs = count, .verbose = 0};
}

}  // namespace

TEST_CASE("gpu graphs: a perceptron, with a short last batch that has a graph of its own") {
  // 18 samples: four batches of 4 and one of 2, an epoch. Of each shape two steps are no graph.
  check_same([] { return perceptron(); },
             [] { return sparse(optimizers::Adam({.learning_rate = 0.01}), {"accuracy"}); },
             normal({18, 6}, 1), classes(18, 3), epochs(4), (16 - 2) + (4 - 2));
}

TEST_CASE("gpu graphs: convolutions, batch normalization and dropout") {
  check_same(
      [] {
        return Sequential({Input({.shape = {8, 8}, .dtype = uint8}),
                           layers::Rescaling({.scale = 1.0 / 255}),
                           layers::Reshape({.target_shape = {8, 8, 1}}),
                           layers::Conv2D({.filters = 4, .kernel_size = 3, .use_bias = false}),
                           layers::BatchNormalization(), layers::ReLU(), layers::MaxPooling2D(),
                           layers::SpatialDropout2D({.rate = 0.2}), layers::Flatten(),
                           layers::Dropout({.rate = 0.3}), layers::GaussianNoise({.stddev = 0.1}),
                           layers::Dense({.units = 3, .activation = "softmax"})});
      },
      [] { return sparse("adam", {"accuracy"}); }, pixels({12, 8, 8}), classes(12, 3), epochs(2),
      6 - 2);
}

TEST_CASE("gpu graphs: what optimizers change from step to step") {
  const auto schedule =
      optimizers::schedules::CosineDecay({.initial_learning_rate = 0.05, .decay_steps = 6});
  const std::vector<std::function<OptimizerRef()>> optimizers = {
      [&] { return optimizers::Adam({.learning_rate = schedule, .clipnorm = 0.3}); },
      [&] {
        return optimizers::SGD({.learning_rate = schedule,
                                .momentum = 0.9,
                                .weight_decay = 0.01,
                                .global_clipnorm = 0.5,
                                .use_ema = true});
      },
      [] { return optimizers::SGD({.clipvalue = 0.1, .loss_scale_factor = 4.0}); },
      [] { return optimizers::Nadam({.learning_rate = 0.01}); },
      [] { return optimizers::Lamb({.learning_rate = 0.01}); },
  };
  for (const auto& optimizer : optimizers) {
    check_same([] { return perceptron(); }, [&] { return sparse(optimizer()); }, normal({16, 6}, 1),
               classes(16, 3), epochs(2), 8 - 2);
  }
}

TEST_CASE("gpu graphs: weights of samples and classes, losses and metrics of numbers") {
  FitOptions fit = epochs(2);
  fit.sample_weight = Tensor::from(normal_values<float>(16, 3), {16});
  check_same([] { return perceptron("linear"); },
             [] {
               return CompileOptions{.optimizer = "rmsprop",
                                     .loss = "mse",
                                     .metrics = {"mae", "RootMeanSquaredError"},
                                     .weighted_metrics = {"mse"}};
             },
             normal({16, 6}, 1), normal({16, 3}, 2), fit, 8 - 2);
  fit = epochs(2);
  fit.class_weight = {{0, 1.0}, {1, 2.0}, {2, 0.5}};
  fit.validation_split = 0.25;
  check_same([] { return perceptron(); }, [] { return sparse("sgd", {"accuracy"}); },
             normal({16, 6}, 1), cast(classes(16, 3), int64), fit, 6 - 2);
  check_same([] { return perceptron("sigmoid"); },
             [] {
               return CompileOptions{.optimizer = "sgd",
                                     .loss = "binary_crossentropy",
                                     .metrics = {"binary_accuracy"}};
             },
             normal({16, 6}, 1), cast(greater(normal({16, 3}, 2), 0.0), uint8), epochs(2), 8 - 2);
}

TEST_CASE("gpu graphs: metrics that the CPU counts later, and the k best scores") {
  check_same([] { return perceptron(); },
             [] { return sparse("sgd", {metrics::SparseTopKCategoricalAccuracy({.k = 2})}); },
             normal({18, 6}, 1), classes(18, 3), epochs(3), (12 - 2) + (3 - 2));
  check_same([] { return perceptron("sigmoid"); },
             [] {
               return CompileOptions{.optimizer = "sgd",
                                     .loss = "binary_crossentropy",
                                     .metrics = {"AUC", "Precision"}};
             },
             normal({18, 6}, 1), cast(greater(normal({18, 3}, 2), 0.0), float32), epochs(3),
             (12 - 2) + (3 - 2));
}

TEST_CASE("gpu graphs: layers of strings run on the CPU before each launch") {
  const Tensor words = Tensor::strings({"a", "b", "c", "a", "b", "b", "c", "a"}, {8, 1});
  check_same(
      [] {
        return Sequential(
            {Input({.shape = {1}, .dtype = string}),
             layers::StringLookup({.vocabulary = {"a", "b", "c"}, .output_mode = "one_hot"}),
             layers::Dense({.units = 2, .activation = "softmax"})});
      },
      [] { return sparse("adam"); }, words, classes(8, 2), epochs(3), 6 - 2);
}

TEST_CASE("gpu graphs: ids of an Embedding are checked on the CPU before each launch") {
  const auto make = [] {
    return Sequential({Input({.shape = {5}, .dtype = int32}),
                       layers::Embedding({.input_dim = 20, .output_dim = 4}),
                       layers::GlobalAveragePooling1D(),
                       layers::Dense({.units = 3, .activation = "softmax"})});
  };
  std::vector<std::int32_t> ids(80);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int32_t>(i * 7 % 20);
  check_same(
      make, [] { return sparse("adam"); }, Tensor::from(ids, {16, 5}), classes(16, 3), epochs(2),
      8 - 2);
  const WithEmulatedGpu gpu;
  set_device("cuda");
  Model model = make();
  model.compile(sparse("adam"));
  ids[5 * 13 + 2] = 20;
  CHECK(holds(error_of([&] {
                model.fit(Tensor::from(ids, {16, 5}), classes(16, 3),
                          {.batch_size = 4, .verbose = 0, .shuffle = false});
              }),
              "gather: index 20 at "));
}

TEST_CASE("gpu graphs: logs that somebody reads at each batch") {
  std::vector<double> losses;
  FitOptions fit = epochs(2);
  fit.callbacks = {callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs& logs) {
    losses.push_back(logs.at("loss"));
  }})};
  check_same([] { return perceptron(); }, [] { return sparse("adam", {"accuracy"}); },
             normal({16, 6}, 1), classes(16, 3), fit, 8 - 2);
  REQUIRE(losses.size() == 16);
  CHECK(std::equal(losses.begin(), losses.begin() + 8, losses.begin() + 8));
}

TEST_CASE("gpu graphs: a class of one's own whose call() is its own") {
  class Own : public Model {
   public:
    Variable call(const Variable& x, CallContext) override { return head_(hidden_(x)); }

   private:
    LayerRef hidden_ = track(layers::Dense({.units = 5, .activation = "tanh"}));
    LayerRef head_ = track(layers::Dense({.units = 3, .activation = "softmax"}));
  };
  const WithEmulatedGpu gpu;
  const auto last = [](bool eagerly) {
    set_device("cuda");
    set_random_seed(5);
    Own model;
    CompileOptions options = sparse("adam");
    options.run_eagerly = eagerly;
    model.compile(options);
    model.fit(normal({16, 6}, 1), classes(16, 3), epochs(2));
    return weights_of(model);
  };
  const Launches before;
  CHECK(last(false) == last(true));
  if (!on_real_gpu()) CHECK(before.since().graphs == 8 - 2);
}

TEST_CASE("gpu graphs: steps that accumulate gradients, or overwrite weights by averages") {
  const auto perceptron_of = [] { return perceptron(); };
  const Tensor x = normal({24, 6}, 1), y = classes(24, 3);  // 6 batches an epoch
  // Of each kind of step two are no graph: 16 that add up, 8 that apply.
  check_same(
      perceptron_of,
      [] {
        return sparse(optimizers::Adam({.learning_rate = 0.01, .gradient_accumulation_steps = 3}));
      },
      x, y, epochs(4), (16 - 2) + (8 - 2));
  // Averages begin in the first: 16 that do not overwrite, 8 that do.
  check_same(
      perceptron_of,
      [] {
        return sparse(
            optimizers::SGD({.use_ema = true, .ema_momentum = 0.8, .ema_overwrite_frequency = 3}));
      },
      x, y, epochs(4), (16 - 2) + (8 - 2));
  // Both, averages beginning in the first two: 6 of each of four kinds.
  check_same(
      perceptron_of,
      [] {
        return sparse(optimizers::SGD(
            {.use_ema = true, .ema_overwrite_frequency = 2, .gradient_accumulation_steps = 2}));
      },
      x, y, epochs(4), 4 * (6 - 2));
  // A short last batch.
  check_same(
      perceptron_of, [] { return sparse(optimizers::SGD({.gradient_accumulation_steps = 2})); },
      normal({18, 6}, 1), classes(18, 3), epochs(4), (8 - 2) + (8 - 2));
}

TEST_CASE("gpu graphs: losses that leave out masked steps, or a class") {
  const auto over_time = [] {
    return Sequential({Input({.shape = {5, 6}}), layers::Masking({.mask_value = 0.0}),
                       layers::Dense({.units = 3, .activation = "softmax"})});
  };
  std::vector<float> values = normal({12, 5, 6}, 1).to_vector<float>();
  std::mt19937_64 random(6);
  for (std::size_t step = 0; step < values.size() / 6; ++step)
    if (random() % 3 == 0)
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(6 * step), 6, 0.0f);
  std::fill_n(values.begin(), 4 * 5 * 6, 0.0f);  // nothing counts in one batch
  const Tensor x = Tensor::from(values, {12, 5, 6}), y = classes(60, 3).reshaped({12, 5});
  FitOptions in_order = epochs(3);
  in_order.shuffle = false;
  check_same(
      over_time, [] { return sparse("sgd", {"accuracy"}); }, x, y, in_order, 9 - 2);
  check_same([] { return perceptron(); },
             [] {
               return CompileOptions{
                   .optimizer = "sgd",
                   .loss = losses::SparseCategoricalCrossentropy({.ignore_class = 2})};
             },
             normal({12, 6}, 2), classes(12, 3), epochs(3), 9 - 2);
}

TEST_CASE("gpu graphs: a captured step is one launch, and waits for nothing" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  const auto cost = [](std::int64_t steps) {
    set_device("cuda");
    Model model = perceptron();
    model.compile(sparse(optimizers::Adam({.global_clipnorm = 1.0}), {"accuracy"}));
    const Launches before;
    const std::int64_t waits = cuda_emulation::waits();
    model.fit(normal({4 * steps, 6}, 1), classes(4 * steps, 3), epochs(1));
    const Launches now = before.since();
    return std::array{now.kernels, now.graphs, cuda_emulation::waits() - waits};
  };
  const auto few = cost(5), many = cost(1030);  // more than a metric keeps on the GPU
  CHECK(many[0] == few[0]);
  CHECK(many[1] == few[1] + 1025);
  CHECK(many[2] <= few[2] + 3);
}

TEST_CASE("gpu graphs: what is not captured says so, once" * doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  const Tensor x = normal({12, 6}, 1), y = classes(12, 3);
  const auto said = [&](const std::function<Model()>& make, const CompileOptions& options,
                        const Tensors& targets) {
    Model model = make();
    model.compile(options);
    const Launches before;
    const auto fit = [&] {
      return written_to_stderr(
          [&] { model.fit(x, targets, {.batch_size = 4, .epochs = 2, .verbose = 2}); });
    };
    const std::string text = fit(), again = fit();
    CHECK(before.since().graphs == 0);
    CHECK(again.find("kernel by kernel") == std::string::npos);
    return text;
  };
  const std::string start =
      "keratin: fit: steps go to the GPU kernel by kernel, not as one graph: ";
  const auto dense = [] { return layers::Dense({.units = 3, .activation = "softmax"}); };
  CHECK(holds(said(
                  [&] {
                    return Sequential(
                        {Input({.shape = {6}}),
                         layers::Lambda({.function =
                                             [](const Variable& v) {
                                               return v * v.value().item<double>({0, 0});
                                             },
                                         .name = "curious"}),
                         dense()});
                  },
                  sparse("sgd"), y),
              "/curious\" reads f32[] on the CPU"));
  CHECK(holds(said([&] { return perceptron(); },
                   sparse("sgd", {make_metric<FirstScore>("first_score")}), y),
              start + "\"first_score\" reads f32[4, 3] on the CPU"));
  CHECK(holds(said(
                  [&] {
                    return Sequential(
                        {Input({.shape = {6}}),
                         layers::Lambda({.function =
                                             [](const Variable& v) {
                                               return v + Variable(randn({6}).to("cuda"), false);
                                             },
                                         .name = "noisy"}),
                         dense()});
                  },
                  sparse("sgd"), y),
              "/noisy\" draws from the random numbers of the whole process"));
  CompileOptions quiet = sparse("sgd");
  quiet.run_eagerly = true;
  CHECK(said([] { return perceptron(); }, quiet, y).find("kernel by kernel") == std::string::npos);
}

TEST_CASE("gpu graphs: a train_step of one's own is not captured, and runs each time" *
          doctest::skip(on_real_gpu())) {
  class Own : public Model {
   public:
    Own(const SymbolicTensors& in, const SymbolicTensors& out) : Model(in, out) {}
    int steps = 0;
    Tensors train_step(const Example& batch) override {
      ++steps;
      const Variables y = (*this)(batch.x, {.training = true});
      const Variable loss = compute_loss(batch.x, batch.y, y);
      loss.backward();
      optimizer().apply_gradients(trainable_variables());
      return compute_metrics(batch.x, batch.y, y);
    }
  };
  const WithEmulatedGpu gpu;
  set_device("cuda");
  const SymbolicTensor in = Input({.shape = {6}});
  Own model(in, layers::Dense({.units = 3, .activation = "softmax"})(in));
  model.compile(sparse("sgd"));
  const Launches before;
  const std::string said = written_to_stderr([&] {
    model.fit(normal({12, 6}, 1), classes(12, 3), {.batch_size = 4, .epochs = 2, .verbose = 2});
  });
  CHECK(before.since().graphs == 0);
  CHECK(model.steps == 6);
  CHECK(holds(said, "the model has a train_step of its own"));
}

TEST_CASE("gpu graphs: what is changed between steps is seen, or captured anew") {
  const WithEmulatedGpu gpu;
  const Tensor x = normal({40, 6}, 1), y = classes(40, 3);
  const auto run = [&](bool eagerly, const std::function<void(Model&, std::int64_t)>& change) {
    set_device("cuda");
    set_random_seed(5);
    Model model = perceptron();
    CompileOptions options = sparse(optimizers::Adam({.learning_rate = 0.01}));
    options.run_eagerly = eagerly;
    model.compile(options);
    FitOptions fit = epochs(1);
    fit.callbacks = {callbacks::LambdaCallback(
        {.on_train_batch_end = [&](std::int64_t batch, Logs&) { change(model, batch); }})};
    model.fit(x, y, fit);
    kernels::set_kernel_choice("");
    return weights_of(model);
  };
  const auto check = [&](const char* what, std::int64_t graphs,
                         const std::function<void(Model&, std::int64_t)>& change) {
    CAPTURE(what);
    const std::vector<float> eager = run(true, change);
    const Launches before;
    CHECK(run(false, change) == eager);
    if (!on_real_gpu()) CHECK(before.since().graphs == graphs);
  };
  check("nothing", 8, [](Model&, std::int64_t) {});
  check("the learning rate", 8, [](Model& model, std::int64_t batch) {
    if (batch == 4) model.optimizer().set_learning_rate(0.1);
  });
  check("weights", 8, [](Model& model, std::int64_t batch) {
    if (batch != 4) return;
    std::vector<Tensor> weights = model.get_weights();
    for (Tensor& weight : weights) weight = weight * 0.5;
    model.set_weights(weights);
  });
  check("trainable", 6, [](Model& model, std::int64_t batch) {
    if (batch == 4) model.get_layer(0).set_trainable(false);
  });
  check("rungs", 6, [](Model&, std::int64_t batch) {
    if (batch == 4) kernels::set_kernel_choice("*=naive");
  });
}

TEST_CASE("gpu graphs: a run that was cut off and resumed ends as one that was not") {
  const WithEmulatedGpu gpu;
  struct Killed {};
  const auto run = [](const TemporaryFolder& folder, std::int64_t kill_after, bool eagerly) {
    set_device("cuda");
    set_random_seed(7);
    Sequential model({Input({.shape = {6}}), layers::Dense({.units = 8, .activation = "relu"}),
                      layers::BatchNormalization({.momentum = 0.7}), layers::Dropout({.rate = 0.3}),
                      layers::Dense({.units = 3, .activation = "softmax"})});
    CompileOptions options =
        sparse(optimizers::Adam({.learning_rate = 0.01, .use_ema = true}), {"accuracy"});
    options.run_eagerly = eagerly;
    model.compile(options);
    std::int64_t batches = 0;
    FitOptions fit = epochs(3);
    fit.callbacks = {callbacks::BackupAndRestore({.backup_dir = folder / "backup", .save_freq = 3}),
                     callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs&) {
                       if (++batches == kill_after) throw Killed{};
                     }})};
    const History history = model.fit(normal({24, 6}, 1), classes(24, 3), fit);
    return std::pair(weights_of(model), of(history));
  };
  const TemporaryFolder whole, eager, cut;
  const auto expected = run(whole, -1, false);
  CHECK(run(eager, -1, true) == expected);
  CHECK_THROWS_AS(run(cut, 8, false), Killed);
  CHECK(run(cut, -1, false) == expected);
}

TEST_CASE("gpu graphs: an error in the captured step ends the capture; the next fit goes on" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  set_random_seed(5);
  const Tensor x = normal({24, 6}, 1), y = classes(24, 3);
  Model model = perceptron();
  model.compile(sparse("adam"));
  FitOptions fit = epochs(1);
  for (const int launch : {0, 3, 9}) {
    CAPTURE(launch);
    fit.callbacks = {callbacks::LambdaCallback({.on_train_batch_begin = [&](std::int64_t b, Logs&) {
      if (b == 2) cuda_emulation::fail_launch(cudaErrorLaunchOutOfResources, launch);
    }})};
    CHECK(holds(error_of([&] { model.fit(x, y, fit); }), "cudaErrorLaunchOutOfResources"));
    CHECK(cuda_emulation::living_graphs() == 0);
  }
  // A label that is out of range, in a step that is a graph by then.
  std::vector<std::int32_t> labels = y.to_vector<std::int32_t>();
  labels[18] = 7;
  CHECK(holds(error_of([&] {
                model.fit(x, Tensor::from(labels),
                          {.batch_size = 4, .verbose = 0, .shuffle = false});
              }),
              "label 7 of sample 2 is out of range; expected 0 to 2"));
  const Launches before;
  CHECK(model.fit(x, y, epochs(1)).history.at("loss").size() == 1);
  CHECK(before.since().graphs == 6 - 2);
}

TEST_CASE("gpu graphs: memory goes back at the end of fit" * doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  Model model = perceptron();
  model.compile(sparse("adam", {"accuracy"}));
  const auto in_use = [] { return gpu_memory_stats("cuda").bytes_in_use; };
  model.fit(normal({20, 6}, 1), classes(20, 3), epochs(1));
  const std::int64_t before = in_use();
  model.fit(normal({20, 6}, 1), classes(20, 3), epochs(1));
  CHECK(in_use() == before);
}

}  // namespace keratin::tests
