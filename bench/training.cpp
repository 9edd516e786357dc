// Whole training steps: forward, loss, backward, update. The counter is steps per second.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/harness.h"
#include "kernels/parallel.h"
#include "nn/dtype_policy.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/dense.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/model/sequential.h"
#include "tensor/compare.h"
#include "tensor/random.h"

namespace keratin::bench {
namespace {

Sequential mnist_cnn() {
  return Sequential({Input({.shape = {28, 28, 1}}),
                     layers::Conv2D({.filters = 32, .kernel_size = 3, .activation = "relu"}),
                     layers::MaxPooling2D(),
                     layers::Conv2D({.filters = 64, .kernel_size = 3, .activation = "relu"}),
                     layers::MaxPooling2D(), layers::Flatten(),
                     layers::Dense({.units = 10, .activation = "softmax"})});
}

Sequential mlp() {
  return Sequential({Input({.shape = {784}}), layers::Dense({.units = 512, .activation = "relu"}),
                     layers::Dense({.units = 512, .activation = "relu"}),
                     layers::Dense({.units = 10, .activation = "softmax"})});
}

void train(benchmark::State& state, Sequential (*make)(), const Shape& sample, std::int64_t batch,
           int threads, const char* policy) {
  kernels::set_thread_count(threads);
  set_random_seed(1);
  const DTypePolicy before = config::dtype_policy();
  config::set_dtype_policy(policy);
  Sequential model = make();
  config::set_dtype_policy(before);
  model.compile({.optimizer = "adam", .loss = "sparse_categorical_crossentropy"});
  const Tensor x = random_uniform(Shape{batch}.joined(sample));
  const Tensor y = argmax(randn({batch, 10}), {.axis = -1});
  for (int i = 0; i < 3; ++i) model.train_on_batch(x, y);
  for (auto _ : state) model.train_on_batch(x, y);
  state.counters["steps/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

bool add_training(const std::string& name, Sequential (*make)(), const Shape& sample) {
  return detail::add_row([=] {
    const int all = kernels::thread_count();
    for (const std::int64_t batch : {32, 128}) {
      for (int threads = 1;; threads = all) {
        for (const char* policy : {"float32", "mixed_bfloat16"}) {
          const std::string full = "train/" + name + "/batch" + std::to_string(batch) + '/' +
                                   policy + '/' + std::to_string(threads) + 'T';
          benchmark::RegisterBenchmark(full.c_str(), [=](benchmark::State& state) {
            train(state, make, sample, batch, threads, policy);
          })->UseRealTime();
        }
        if (threads == all) break;
      }
    }
  });
}

}  // namespace

const bool mnist_cnn_row = add_training("mnist_cnn", mnist_cnn, {28, 28, 1});
const bool mlp_row = add_training("mlp_784_512_512_10", mlp, {784});

}  // namespace keratin::bench
