// What training asks of the system, and what memory_report tells of it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/ops/mean.h"
#include "autograd/ops/square.h"
#include "kernels/error.h"
#include "kernels/scratch.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/depthwise_conv2d.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/flatten.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/layers/up_sampling.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/auc.h"
#include "nn/model/sequential.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/sgd.h"
#include "tensor/memory_report.h"
#include "tensor/random.h"
#include "tensor/storage.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

std::int64_t system_allocations() {
  return memory_stats().system_allocations + kernels::scratch_allocations();
}

Tensor classes(std::int64_t count, std::int64_t limit, DType dtype = int32) {
  Tensor y = zeros({count}, dtype);
  for (std::int64_t i = 0; i < count; ++i)
    y.mutable_data<std::int32_t>()[i] = static_cast<std::int32_t>(i % limit);
  return y;
}

struct Case {
  const char* name;
  Sequential (*make)();
  Tensor x;
  Tensor y;
};

std::vector<Case> cases() {
  return {
      {"dense, Adam, metrics",
       [] {
         Sequential net({layers::Dense({.units = 64, .activation = "relu"}),
                         layers::Dropout({.rate = 0.3}),
                         layers::Dense({.units = 1, .activation = "sigmoid"})});
         net.compile({.optimizer = optimizers::Adam({.clipnorm = 1.0}),
                      .loss = "binary_crossentropy",
                      .metrics = {"accuracy", metrics::AUC()}});
         return net;
       },
       randn({32, 100}), classes(32, 2).reshaped({32, 1})},
      {"convolutions, pooling, batch norm",
       [] {
         Sequential net(
             {layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
              layers::BatchNormalization(), layers::MaxPooling2D({.pool_size = 2}),
              layers::Conv2D({.filters = 16, .kernel_size = 3, .strides = 2, .padding = "same"}),
              layers::BatchNormalization(), layers::AveragePooling2D({.pool_size = 2}),
              layers::Conv2D({.filters = 8, .kernel_size = 1}), layers::GlobalAveragePooling2D(),
              layers::Dense({.units = 5})});
         net.compile({.optimizer = optimizers::SGD({.learning_rate = 0.01, .momentum = 0.9}),
                      .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                      .metrics = {"accuracy"}});
         return net;
       },
       randn({16, 28, 28, 3}), classes(16, 5)},
      {"depthwise, resized",
       [] {
         Sequential net({layers::DepthwiseConv2D({.kernel_size = 3}),
                         layers::UpSampling2D({.size = 2}), layers::LayerNormalization(),
                         layers::Flatten(), layers::Dense({.units = 3, .activation = "softmax"})});
         net.compile({.optimizer = "rmsprop", .loss = "sparse_categorical_crossentropy"});
         return net;
       },
       randn({8, 9, 9, 4}), classes(8, 3)},
      {"embedding",
       [] {
         Sequential net({layers::Embedding({.input_dim = 50, .output_dim = 16}),
                         layers::GlobalAveragePooling1D(), layers::Dense({.units = 2})});
         net.compile({.optimizer = "adamw",
                      .loss = losses::SparseCategoricalCrossentropy({.from_logits = true})});
         return net;
       },
       classes(8 * 20, 50).reshaped({8, 20}), classes(8, 2)},
  };
}

}  // namespace

// On one thread: which of several takes a piece of work, and fills its own stock, is chance.
TEST_CASE("memory: after the second step training asks the system for nothing") {
  const Threads one(1);
  for (const Case& c : cases()) {
    CAPTURE(std::string(c.name));
    Sequential net = c.make();
    for (int i = 0; i < 2; ++i) net.train_on_batch(c.x, c.y);
    const std::int64_t before = system_allocations();
    for (int i = 0; i < 3; ++i) {
      net.train_on_batch(c.x, c.y);
      CHECK(system_allocations() == before);
    }
  }
}

TEST_CASE("memory: nothing piles up from step to step") {
  const Case c = cases()[1];
  Sequential net = c.make();
  for (int i = 0; i < 2; ++i) net.train_on_batch(c.x, c.y);
  const std::int64_t in_use = memory_stats().bytes_in_use;
  for (int i = 0; i < 3; ++i) net.train_on_batch(c.x, c.y);
  CHECK(memory_stats().bytes_in_use == in_use);
}

TEST_CASE("memory_report: weights, gradients and an optimizer's state, with their layers") {
  Sequential net(
      {layers::Dense({.units = 600, .name = "wide"}), layers::Dense({.units = 1, .name = "head"})},
      "net");
  net.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = randn({4, 700}), y = randn({4, 1});
  net.train_on_batch(x, y);
  const MemoryReport report = memory_report({.largest = 1000});
  REQUIRE(!report.devices.empty());
  const DeviceMemory& cpu = report.devices[0];
  CHECK(cpu.device == "CPU");
  CHECK(cpu.bytes_in_use == memory_stats().bytes_in_use);
  CHECK(cpu.bytes_held >= cpu.bytes_in_use);
  CHECK(cpu.peak_bytes_in_use >= cpu.bytes_in_use);
  CHECK(cpu.system_allocations > 0);
  CHECK(report.tensors == static_cast<std::int64_t>(report.largest.size()));
  CHECK(std::is_sorted(report.largest.begin(), report.largest.end(),
                       [](const auto& a, const auto& b) { return a.bytes > b.bytes; }));
  const auto count = [&](const std::string& layer, const Shape& shape) {
    return std::count_if(report.largest.begin(), report.largest.end(), [&](const auto& tensor) {
      return tensor.layer == layer && tensor.shape == shape && tensor.dtype == DType::float32;
    });
  };
  CHECK(count("net/wide", {700, 600}) == 1);  // its kernel; the gradient is gone
  CHECK(count("adam", {700, 600}) == 2);
  std::int64_t sum = 0;
  for (const LivingTensor& tensor : report.largest)
    if (tensor.device == "CPU") sum += tensor.bytes;
  CHECK(sum == cpu.bytes_in_use);

  // While a gradient lives it is told apart.
  const Variable loss = mean(square(net(x)));
  loss.backward();
  const MemoryReport with_gradient = memory_report({.largest = 1000});
  CHECK(std::any_of(
      with_gradient.largest.begin(), with_gradient.largest.end(), [](const LivingTensor& tensor) {
        return tensor.layer == "net/wide" && tensor.backward && tensor.shape == Shape{700, 600};
      }));
}

TEST_CASE("memory_report: as text; a limit on the list") {
  MemoryReport report;
  report.devices.push_back({.device = "CPU",
                            .tensors = 3,
                            .bytes_in_use = 1'500'000,
                            .bytes_held = 2'000'000,
                            .peak_bytes_in_use = 1'700'000,
                            .working_bytes = 4096,
                            .system_allocations = 12});
  report.tensors = 3;
  report.largest = {{.layer = "net/wide", .shape = {700, 600}, .bytes = 1'680'000},
                    {.layer = "", .backward = true, .shape = {2}, .bytes = 64}};
  CHECK(report.text() ==
        "CPU: 1.5 MB in 3 tensors, 1.7 MB at the peak; 2.0 MB held\n"
        "4.1 KB of working memory for kernels; the system was asked 12 times\n"
        "largest tensors:\n"
        "    1.7 MB  f32[700, 600]            net/wide\n"
        "      64 B  f32[2]                   -, a gradient\n");
  const Tensor one = zeros({3}), two = zeros({4});
  CHECK(memory_report({.largest = 1}).largest.size() == 1);
  CHECK(memory_report({.largest = 0}).largest.empty());
  CHECK_THROWS_AS(memory_report({.largest = -1}), ValueError);
}

}  // namespace keratin::tests
