// Whole models by the same program on the CPU and on an emulated GPU.
#include "kernels/accelerator.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/layers/rescaling.h"
#include "nn/layers/reshape.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/f_score.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/sgd.h"
#include "nn/placement.h"
#include "tensor/cast.h"
#include "tensor/one_hot.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {

TEST_CASE("gpu: a model is where the default device was when its layers were built") {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  const Model there = perceptron();
  set_device("cpu");
  const Model here = perceptron();
  for (const Variable& weight : there.weights()) CHECK(weight.value().device().text() == "cuda:0");
  for (const Variable& weight : here.weights()) CHECK(weight.value().device().is_cpu());
  // Called on the CPU's tensors both compute where they are; results stay there.
  const Tensor x = normal({4, 6}, 1);
  CHECK(there(Tensors(x)).value().device().text() == "cuda:0");
  CHECK(here(Tensors(x)).value().device().is_cpu());
  CHECK(here(Tensors(x.to("cuda"))).value().device().is_cpu());

  // A layer outside of any model moves nothing.
  set_device("cuda");
  const layers::Dense dense({.units = 2, .name = "head"});
  CHECK(dense(Variable(x.to("cuda"), false)).value().device().text() == "cuda:0");
  set_device("cpu");
  CHECK(
      error_of([&] { dense(Variable(x, false)); }) ==
      "Dense \"head\": called on f32[4, 6] on cpu; its weights are on cuda:0. Use .to(\"cuda:0\") "
      "on its input.");
  const layers::Flatten flatten;
  CHECK(flatten(Variable(x, false)).value().device().is_cpu());
  CHECK(flatten(Variable(x.to("cuda"), false)).value().device().text() == "cuda:0");

  // Layers on two devices make no model.
  const SymbolicTensor in = Input({.shape = {6}});
  set_device("cuda");
  const SymbolicTensor middle = layers::Dense({.units = 3, .name = "first"})(in);
  set_device("cpu");
  const Model mixed(in, layers::Dense({.units = 3, .name = "second"})(middle), "two");
  CHECK(
      error_of([&] { mixed(Tensors(x)); }) ==
      "Functional \"two\": the weights of Dense \"first\" are on cuda:0, those of Dense \"second\" "
      "on cpu; expected one device. Build all of a model's layers under one set_device.");
}

TEST_CASE("gpu: KERATIN_DEVICE" * doctest::skip(on_real_gpu())) {
  const auto chosen = [](const char* name) {
    // What another process would take: the choice is made once.
    return detail::device_named_by(name).text();
  };
  {
    const WithEmulatedGpu gpu;
    CHECK(chosen(nullptr) == "cuda:0");
    CHECK(chosen("") == "cuda:0");
    CHECK(chosen("cpu") == "cpu");
    CHECK(chosen("cuda") == "cuda:0");
    CHECK(
        holds(error_of([&] { chosen("gpu"); }),
              "KERATIN_DEVICE: unknown device \"gpu\"; expected \"cpu\", \"cuda\" or \"cuda:N\""));
    CHECK(holds(error_of([&] { chosen("cuda:1"); }),
                "KERATIN_DEVICE: \"cuda:1\": this machine's GPUs go from cuda:0 to cuda:0"));
    cuda_emulation::set_machine({.devices = 0, .driver_version = 0});
    CHECK(chosen(nullptr) == "cpu");
    CHECK(holds(error_of([&] { chosen("cuda"); }),
                "KERATIN_DEVICE: \"cuda\": no NVIDIA driver is installed"));
    cuda_emulation::set_machine({});
  }
  if (kernels::accelerator() == nullptr) CHECK(chosen(nullptr) == "cpu");
}

TEST_CASE("gpu: a perceptron trains by fit as on the CPU") {
  const WithEmulatedGpu gpu;
  check_same([] { return perceptron(); },
             [] {
               return CompileOptions{.optimizer = optimizers::Adam({.learning_rate = 0.01}),
                                     .loss = "sparse_categorical_crossentropy"};
             },
             normal({18, 6}, 1), classes(18, 3), kShort, {.rel = 1e-4, .abs = 1e-5});
}

TEST_CASE("gpu: a regression with weights, validation and several metrics") {
  const WithEmulatedGpu gpu;
  FitOptions fit = kShort;
  fit.sample_weight = Tensor::from(std::vector<float>(18, 0.5f));
  fit.validation_split = 0.3;
  check_same([] { return perceptron("linear"); },
             [] {
               return CompileOptions{.optimizer = "rmsprop",
                                     .loss = "mse",
                                     .metrics = {"mae", "RootMeanSquaredError"},
                                     .weighted_metrics = {"mse"}};
             },
             normal({18, 6}, 1), normal({18, 3}, 2), fit, {.rel = 1e-4, .abs = 1e-5});
}

TEST_CASE("gpu: a convolutional network on images") {
  const WithEmulatedGpu gpu;
  const Tensor images = normal({12, 8, 8}, 3);
  check_same(
      [] {
        return Sequential({Input({.shape = {8, 8}}), layers::Rescaling({.scale = 0.5}),
                           layers::Reshape({.target_shape = {8, 8, 1}}),
                           layers::Conv2D({.filters = 4, .kernel_size = 3, .activation = "relu"}),
                           layers::MaxPooling2D(), layers::Flatten(),
                           layers::Dense({.units = 3, .activation = "softmax"})});
      },
      [] { return CompileOptions{.optimizer = "adam", .loss = "sparse_categorical_crossentropy"}; },
      images, classes(12, 3), kShort, {.rel = 1e-4, .abs = 1e-5});
}

TEST_CASE("gpu: clipping, weight decay, averages, constraints and regularizers") {
  const WithEmulatedGpu gpu;
  const auto make = [] {
    return Sequential(
        {Input({.shape = {6}}),
         layers::Dense({.units = 5,
                        .activation = "tanh",
                        .kernel_regularizer = regularizers::L1L2(0.01, 0.02),
                        .activity_regularizer = "l2",
                        .kernel_constraint = constraints::MaxNorm({.max_value = 0.7})}),
         layers::Dense({.units = 3,
                        .kernel_regularizer = "orthogonal_regularizer",
                        .bias_constraint = "non_neg"})});
  };
  for (const optimizers::SGDOptions& options : std::vector<optimizers::SGDOptions>{
           {.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.01, .global_clipnorm = 0.5},
           {.learning_rate = 0.05, .clipnorm = 0.3, .use_ema = true, .ema_momentum = 0.9},
           {.learning_rate = 0.05,
           .clipvalue = 0.1,
           .use_ema = true,
           .ema_momentum = 0.5,
           .ema_overwrite_frequency = 2,
           .loss_scale_factor = 4.0,
           .gradient_accumulation_steps = 2}}) {
    check_same(make,
               [&] { return CompileOptions{.optimizer = optimizers::SGD(options), .loss = "mse"}; },
               normal({16, 6}, 1), normal({16, 3}, 2), kShort, {.rel = 1e-4, .abs = 1e-5});
  }
}

TEST_CASE("gpu: every optimizer") {
  const WithEmulatedGpu gpu;
  for (const char* name : {"sgd", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "adamax",
                           "nadam", "lion", "ftrl", "lamb"}) {
    CAPTURE(name);
    check_same([] { return perceptron(); },
               [&] {
                 return CompileOptions{.optimizer = name,
                                       .loss = "sparse_categorical_crossentropy"};
               },
               normal({8, 6}, 1), classes(8, 3), {.batch_size = 4, .epochs = 1, .verbose = 0},
               {.rel = 1e-4, .abs = 1e-5});
  }
}

TEST_CASE("gpu: metrics; batches of those that only the CPU counts wait on the GPU") {
  const WithEmulatedGpu gpu;
  check_same([] { return perceptron("sigmoid"); },
             [] {
               return CompileOptions{.optimizer = "sgd",
                                     .loss = "binary_crossentropy",
                                     .metrics = {"binary_accuracy", "AUC", "Precision"}};
             },
             normal({12, 6}, 1), Tensor::from(std::vector<float>(36, 1.0f), {12, 3}), kShort,
             {.rel = 1e-4, .abs = 1e-5});
}

TEST_CASE("gpu: an epoch waits for the GPU as often whatever the number of its steps" *
          doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  set_device("cuda");
  Model model = perceptron();
  model.compile({.optimizer = optimizers::Adam({.global_clipnorm = 1.0}),
                 .loss = "sparse_categorical_crossentropy"});
  const auto waits_of = [&](std::int64_t steps, const FitOptions& options) {
    model.fit(normal({4 * steps, 6}, 1), classes(4 * steps, 3), options);  // all is set up then
    const std::int64_t before = cuda_emulation::waits();
    model.fit(normal({4 * steps, 6}, 1), classes(4 * steps, 3), options);
    return cuda_emulation::waits() - before;
  };
  const FitOptions quiet = {.batch_size = 4, .epochs = 1, .verbose = 0};
  CHECK(waits_of(3, quiet) == waits_of(20, quiet));
  Model hinged = perceptron("linear");
  hinged.compile({.optimizer = "sgd", .loss = "hinge", .metrics = {"squared_hinge"}});
  const auto hinge_waits = [&](std::int64_t steps) {
    const Tensor y = cast(one_hot(classes(4 * steps, 3), 3), float32);
    hinged.fit(normal({4 * steps, 6}, 1), y, quiet);
    const std::int64_t before = cuda_emulation::waits();
    hinged.fit(normal({4 * steps, 6}, 1), y, quiet);
    return cuda_emulation::waits() - before;
  };
  CHECK(hinge_waits(3) == hinge_waits(20));
  Model counted = perceptron("sigmoid");
  counted.compile({.optimizer = "sgd",
                   .loss = "binary_crossentropy",
                   .metrics = {"AUC", "Precision", metrics::F1Score(),
                               metrics::TopKCategoricalAccuracy({.k = 2})}});
  const auto counted_waits = [&](std::int64_t steps) {
    const Tensor y = cast(one_hot(classes(4 * steps, 3), 3), float32);
    counted.fit(normal({4 * steps, 6}, 1), y, quiet);
    const std::int64_t before = cuda_emulation::waits();
    counted.fit(normal({4 * steps, 6}, 1), y, quiet);
    return cuda_emulation::waits() - before;
  };
  CHECK(counted_waits(3) == counted_waits(20));
  FitOptions curious = quiet;  // somebody reads the logs of each batch
  std::vector<double> losses;
  curious.callbacks = {
      callbacks::LambdaCallback({.on_train_batch_end = [&](std::int64_t, Logs& logs) {
        losses.push_back(logs.at("loss"));
      }})};
  CHECK(waits_of(20, curious) >= 20);
  CHECK(losses.size() == 40);
  const auto evaluated = [&](std::int64_t steps) {
    const std::int64_t before = cuda_emulation::waits();
    model.evaluate(normal({4 * steps, 6}, 1), classes(4 * steps, 3),
                   {.batch_size = 4, .verbose = 0});
    return cuda_emulation::waits() - before;
  };
  CHECK(evaluated(3) == evaluated(20));
}

}  // namespace keratin::tests
