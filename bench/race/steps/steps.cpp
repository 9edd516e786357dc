// keratin's side of the race of whole training steps, which steps.py runs:
//
//   race_steps MODEL BATCH SECONDS [fit | fit_eagerly]
//
// Trains on one batch of numbers made by formula, weights too, so that others compute the same.
// Prints JSON: the losses of the first steps, the clock when the first was done, the median step,
// the peak of memory. MODEL: mnist_cnn, mlp, seed_cnn, text, adam (BATCH weights, updates only).
// A step is a train_on_batch, which reads its loss; or one of a fit, on a GPU as a graph or, with
// fit_eagerly, kernel by kernel: then a figure is the mean of an epoch's 100 steps, and the losses
// are those of epochs.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "kernels/optimizer/optimizer.h"
#include "kernels/run.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/cropping.h"
#include "nn/layers/dense.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/rescaling.h"
#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/model/sequential.h"

namespace keratin::bench {
namespace {

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// In [0, 1): element i of a tensor, in steps.py too.
double number(std::int64_t i) {
  return static_cast<double>((static_cast<std::uint64_t>(i) * 2654435761U) & 0xffffffffU) * 0x1p-32;
}

template <class T>
Tensor numbers(const Shape& shape, double scale, double shift) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(number(static_cast<std::int64_t>(i)) * scale + shift);
  }
  return Tensor::from(values, shape);
}

struct Task {
  Sequential model;
  Tensor x, y;
};

Task task_of(const std::string& name, std::int64_t batch) {
  const Tensor digits = numbers<std::int32_t>({batch}, 10, 0);
  if (name == "mnist_cnn") {
    return {Sequential({Input({.shape = {28, 28, 1}}),
                        layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}),
                        layers::MaxPooling2D(),
                        layers::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
                        layers::MaxPooling2D(), layers::Flatten(), layers::Dense({.units = 10})}),
            numbers<float>({batch, 28, 28, 1}, 1, 0), digits};
  }
  if (name == "mlp") {
    return {
        Sequential({Input({.shape = {784}}), layers::Dense({.units = 512, .activation = "relu"}),
                    layers::Dense({.units = 512, .activation = "relu"}),
                    layers::Dense({.units = 10})}),
        numbers<float>({batch, 784}, 1, 0), digits};
  }
  if (name == "seed_cnn") {
    const auto conv = [] {
      return layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"});
    };
    const auto pool = [] { return layers::MaxPooling2D({.pool_size = 3}); };
    return {
        Sequential({Input({.shape = {200, 200, 3}, .dtype = uint8}),
                    layers::Cropping2D({.cropping = 25}), layers::Rescaling({.scale = 1.0 / 255}),
                    conv(), pool(), conv(), pool(), conv(), pool(),
                    layers::GlobalAveragePooling2D(), layers::Dense({.units = 10})}),
        numbers<std::uint8_t>({batch, 200, 200, 3}, 256, 0), digits};
  }
  if (name == "text") {
    return {Sequential({Input({.shape = {200}, .dtype = int32}),
                        layers::Embedding({.input_dim = 10000, .output_dim = 64}),
                        layers::GlobalAveragePooling1D(),
                        layers::Dense({.units = 16, .activation = "relu"}),
                        layers::Dense({.units = 1})}),
            numbers<std::int32_t>({batch, 200}, 10000, 0), numbers<std::int32_t>({batch, 1}, 2, 0)};
  }
  throw ValueError(fmt::format(
      "race_steps: model is \"{}\"; expected mnist_cnn, mlp, seed_cnn, text or adam", name));
}

// Weights in [-a, a), a = sqrt(3 / inputs of one output), as steps.py makes them; biases 0.
void set_weights(Sequential& model) {
  std::vector<Tensor> weights;
  for (const Tensor& weight : model.get_weights()) {
    const Shape& shape = weight.shape();
    const bool bias = shape.rank() == 1;
    const double a =
        std::sqrt(3.0 * static_cast<double>(shape.back()) / static_cast<double>(shape.size()));
    weights.push_back(numbers<float>(shape, bias ? 0 : 2 * a, bias ? 0 : -a));
  }
  model.set_weights(weights);
}

// One tensor, or the weights of the mlp.
std::function<void()> adam_step(std::int64_t count) {
  using Tensors = std::vector<kernels::UpdatedTensor<float>>;
  static std::vector<std::vector<float>> memory;
  static Tensors tensors;
  std::vector<std::int64_t> sizes{count};
  if (count == 669706) sizes = {784 * 512, 512, 512 * 512, 512, 512 * 10, 10};
  for (const std::int64_t size : sizes) {
    for (int i = 0; i < 4; ++i) memory.emplace_back(size, 1e-3f);
    auto* const at = &memory[memory.size() - 4];
    tensors.push_back({at[0].data(), at[1].data(), {at[2].data(), at[3].data(), nullptr}, size});
  }
  return [count] {
    const kernels::UpdateShape shape{.update = kernels::Update::adam,
                                     .size = count,
                                     .learning_rate = 1e-3,
                                     .beta_1 = 0.9,
                                     .beta_2 = 0.999,
                                     .epsilon = 1e-7};
    kernels::run(kernels::update_ladder<float>,
                 std::span<const kernels::UpdatedTensor<float>>(tensors), shape);
  };
}

struct Measured {
  std::vector<double> losses;  // of the first steps
  double first = 0;            // the clock after the first step
  std::vector<double> times;   // of a step
};

void print(Measured m) {
  const auto middle = m.times.begin() + static_cast<std::ptrdiff_t>(m.times.size() / 2);
  std::nth_element(m.times.begin(), middle, m.times.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{{\"losses\": [{}], \"first\": {:.6f}, \"ms\": {:.4f}, \"mib\": {:.0f}}}\n",
             fmt::join(m.losses, ", "), m.first, 1e3 * *middle,
             static_cast<double>(usage.ru_maxrss) / 1024);
}

// The steps of fit; nobody reads anything but at the end of an epoch.
Measured measured_fit(Task& task, std::int64_t batch, double seconds) {
  constexpr std::int64_t kSteps = 100;
  Measured m;
  double end = 0, start = 0;
  FitOptions fit{.epochs = 1'000'000, .verbose = 0, .steps_per_epoch = kSteps};
  fit.callbacks = {callbacks::LambdaCallback({.on_epoch_begin = [&](int, Logs&) { start = now(); },
                                              .on_epoch_end =
                                                  [&](int epoch, Logs& logs) {
                                                    const double then = now();
                                                    if (m.losses.size() < 3)
                                                      m.losses.push_back(logs.at("loss"));
                                                    if (epoch == 0) {  // all is set up in it
                                                      m.first = then;
                                                      end = then + seconds;
                                                      return;
                                                    }
                                                    m.times.push_back((then - start) /
                                                                      static_cast<double>(kSteps));
                                                    if (then >= end && m.times.size() >= 5)
                                                      task.model.stop_training();
                                                  }})};
  task.model.fit(data::from_tensor_slices(task.x, task.y).batch(batch).repeat(), fit);
  return m;
}

int run(const std::string& name, std::int64_t batch, double seconds, const std::string& by) {
  std::function<void()> step;
  Measured m;
  Task task;
  if (name == "adam") {
    step = adam_step(batch);
  } else {
    task = task_of(name, batch);
    CompileOptions options{.optimizer = "adam", .run_eagerly = by == "fit_eagerly"};
    if (name == "text") {
      options.loss = losses::BinaryCrossentropy({.from_logits = true});
    } else {
      options.loss = losses::SparseCategoricalCrossentropy({.from_logits = true});
    }
    task.model.compile(options);
    set_weights(task.model);
    if (!by.empty()) {
      print(measured_fit(task, batch, seconds));
      return 0;
    }
    step = [&] {
      const Logs logs = task.model.train_on_batch(task.x, task.y);
      if (m.losses.size() < 3) m.losses.push_back(logs.at("loss"));
    };
  }
  step();
  m.first = now();
  for (int i = 0; i < 4; ++i) step();
  for (double start = now(), end = start + seconds; start < end || m.times.size() < 5;) {
    step();
    const double then = now();
    m.times.push_back(then - start);
    start = then;
  }
  print(std::move(m));
  return 0;
}

}  // namespace
}  // namespace keratin::bench

int main(int argc, char** argv) {
  const std::string by = argc == 5 ? argv[4] : "";
  if ((argc != 4 && argc != 5) || (!by.empty() && by != "fit" && by != "fit_eagerly")) {
    fmt::print(stderr, "usage: race_steps MODEL BATCH SECONDS [fit | fit_eagerly]\n");
    return 2;
  }
  try {
    return keratin::bench::run(argv[1], std::atoll(argv[2]), std::atof(argv[3]), by);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
