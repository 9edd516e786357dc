// Whole training steps on an emulated GPU, beside the CPU's.
#include <vector>

#include "autograd/ops/conv2d.h"
#include "autograd/ops/dense.h"
#include "autograd/ops/max_pool2d.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sparse_softmax_cross_entropy.h"
#include "nn/optimizers/adam.h"
#include "tests/cuda_emulation/emulated_gpu.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

constexpr std::int64_t kBatch = 6, kClasses = 4;

Variable weight(const Shape& shape, std::uint64_t seed, Device device) {
  return Variable(Tensor::from(normal_values<float>(shape.size(), seed, 0.3), shape).to(device),
                  true);
}

// The losses of some steps of Adam, and the weights after them.
struct Trained {
  std::vector<float> losses, weights;
};
template <class Scores>
Trained train(const Tensor& x, std::vector<Variable> weights, Device device, Scores scores) {
  const Tensor labels = Tensor::from(std::vector<std::int32_t>{0, 1, 2, 3, 1, 0});
  optimizers::Adam optimizer({.learning_rate = 0.01});
  const Tensor input = x.to(device);
  Trained result;
  for (int step = 0; step < 5; ++step) {
    const Variable loss =
        mean(sparse_softmax_cross_entropy(scores(Variable(input, false), weights), labels));
    loss.backward();
    optimizer.apply_gradients(weights);
    result.losses.push_back(loss.value().item<float>());
  }
  for (const Variable& w : weights) {
    CHECK(w.value().device() == device);
    const auto values = w.value().to_vector<float>();
    result.weights.insert(result.weights.end(), values.begin(), values.end());
  }
  return result;
}

template <class Make, class Scores>
void check_both(const Tensor& x, Make make, Scores scores) {
  const Device cpu, gpu = Device::named("cuda");
  const Trained expected = train(x, make(cpu), cpu, scores);
  const Trained actual = train(x, make(gpu), gpu, scores);
  CHECK(expected.losses.back() < expected.losses.front());
  CHECK(difference(actual.losses, expected.losses, {.rel = 1e-4, .abs = 1e-5}) == "");
  CHECK(difference(actual.weights, expected.weights, {.rel = 1e-3, .abs = 1e-4}) == "");
  CHECK(train(x, make(gpu), gpu, scores).weights == actual.weights);  // to the bit
}

}  // namespace

TEST_CASE("gpu: a multilayer perceptron trains as on the CPU") {
  const WithEmulatedGpu emulated;
  const Tensor x = Tensor::from(normal_values<float>(kBatch * 10, 1), {kBatch, 10});
  check_both(
      x,
      [](Device device) {
        return std::vector<Variable>{weight({10, 7}, 2, device), weight({7}, 3, device),
                                     weight({7, kClasses}, 4, device),
                                     weight({kClasses}, 5, device)};
      },
      [](const Variable& input, const std::vector<Variable>& w) {
        return dense(dense(input, w[0], w[1], {.activation = kernels::Activation::relu}), w[2],
                     w[3]);
      });
}

TEST_CASE("gpu: a convolutional network trains as on the CPU") {
  const WithEmulatedGpu emulated;
  const Tensor x = Tensor::from(normal_values<float>(kBatch * 8 * 8, 1), {kBatch, 8, 8, 1});
  check_both(
      x,
      [](Device device) {
        return std::vector<Variable>{weight({3, 3, 1, 5}, 2, device), weight({5}, 3, device),
                                     weight({3 * 3 * 5, kClasses}, 4, device),
                                     weight({kClasses}, 5, device)};
      },
      [](const Variable& input, const std::vector<Variable>& w) {
        const Variable y = conv2d(input, w[0], w[1], {.activation = kernels::Activation::relu});
        return dense(reshape(max_pool2d(y, {.pool_size = {2, 2}}), {kBatch, 45}), w[2], w[3]);
      });
}

}  // namespace keratin::tests
