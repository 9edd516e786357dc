// keratin's side of the race of whole training steps, which steps.py runs:
//
//   race_steps MODEL BATCH SECONDS
//
// Trains on one batch of numbers made by formula, weights too, so that others compute the same.
// Prints JSON: the losses of the first steps, the clock when the first was done, the median step,
// the peak of memory. MODEL: mnist_cnn, mlp, seed_cnn, text, adam (BATCH weights, updates only).
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

int run(const std::string& name, std::int64_t batch, double seconds) {
  std::vector<double> losses, times;
  std::function<void()> step;
  Task task;
  if (name == "adam") {
    step = adam_step(batch);
  } else {
    task = task_of(name, batch);
    if (name == "text") {
      task.model.compile(
          {.optimizer = "adam", .loss = losses::BinaryCrossentropy({.from_logits = true})});
    } else {
      task.model.compile({.optimizer = "adam",
                          .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})});
    }
    set_weights(task.model);
    step = [&] {
      const Logs logs = task.model.train_on_batch(task.x, task.y);
      if (losses.size() < 3) losses.push_back(logs.at("loss"));
    };
  }
  step();
  const double first = now();
  for (int i = 0; i < 4; ++i) step();
  for (double start = now(), end = start + seconds; start < end || times.size() < 5;) {
    step();
    const double then = now();
    times.push_back(then - start);
    start = then;
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2),
                   times.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("{{\"losses\": [{}], \"first\": {:.6f}, \"ms\": {:.4f}, \"mib\": {:.0f}}}\n",
             fmt::join(losses, ", "), first, 1e3 * times[times.size() / 2],
             static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

}  // namespace
}  // namespace keratin::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: race_steps MODEL BATCH SECONDS\n");
    return 2;
  }
  try {
    return keratin::bench::run(argv[1], std::atoll(argv[2]), std::atof(argv[3]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
