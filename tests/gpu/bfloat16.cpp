// bfloat16 on the emulated GPU beside the CPU's: operations take it as it is, no copy in float32 is
// made for them.
#include <cstring>
#include <set>
#include <string>

#include "autograd/ops/add.h"
#include "autograd/ops/average_pool2d.h"
#include "autograd/ops/batch_normalization.h"
#include "autograd/ops/concatenate.h"
#include "autograd/ops/conv2d.h"
#include "autograd/ops/dense.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/exp.h"
#include "autograd/ops/layer_normalization.h"
#include "autograd/ops/log_softmax.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/max_pool2d.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/pad.h"
#include "autograd/ops/relu.h"
#include "autograd/ops/sigmoid.h"
#include "autograd/ops/slice.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/softplus.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/tanh.h"
#include "autograd/ops/transpose.h"
#include "kernels/run.h"
#include "nn/layers/activation.h"
#include "nn/layers/batch_normalization.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/layer_normalization.h"
#include "nn/layers/merge.h"
#include "nn/layers/pooling.h"
#include "nn/layers/pooling1d.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/placement.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

// Sums of float32 in another order, rounded to 8 digits.
constexpr Tolerance kRounded{.rel = 1.0 / 128, .abs = 0.02};

class Kernels : public kernels::TraceSink {
 public:
  Kernels() : before_(kernels::set_trace_sink(this)) {}
  ~Kernels() { kernels::set_trace_sink(before_); }
  Kernels(const Kernels&) = delete;
  Kernels& operator=(const Kernels&) = delete;
  void record(const kernels::KernelCall& call) override {
    seen.insert(std::string(call.op) + ' ' + call.rung);
    const std::string_view rung(call.rung);
    if (std::string_view(call.room) == "cast" && (rung == "naive" || rung == "vectors")) {
      std::int64_t size = 0;
      std::memcpy(&size, call.shape_data, sizeof size);
      casts.push_back(size);
    }
  }
  std::set<std::string> seen;
  std::vector<std::int64_t> casts;  // elements of each of the GPU's

 private:
  kernels::TraceSink* before_;
};

Tensor narrow(const Shape& shape, std::uint64_t seed) {
  return cast(normal(shape, seed), bfloat16);
}

struct Seen {
  std::set<std::string> kernels;
  std::vector<std::int64_t> casts;
};
Seen seen_in(const std::function<Variable(const Inputs&)>& f, const std::vector<Tensor>& inputs) {
  const WithEmulatedGpu gpu;
  const Kernels kernels;
  Computed::of(f, inputs, Device::named("cuda"));
  return {kernels.seen, kernels.casts};
}
std::set<std::string> kernels_of(const std::function<Variable(const Inputs&)>& f,
                                 const std::vector<Tensor>& inputs) {
  return seen_in(f, inputs).kernels;
}

// The same as the CPU's, forward and gradients, without any cast.
void check_uncast(const std::function<Variable(const Inputs&)>& f,
                  const std::vector<Tensor>& inputs, Tolerance tolerance = {0, 0}) {
  check_same(f, inputs, tolerance);
  CHECK(seen_in(f, inputs).casts.empty());
}

}  // namespace

TEST_CASE("gpu: dense, matmul and conv2d of bfloat16 and their gradients are the CPU's") {
  const auto with_relu = [](const Inputs& x) {
    return dense(x[0], x[1], x[2], {.activation = kernels::Activation::relu});
  };
  const std::vector<Tensor> operands = {narrow({20, 33}, 1), narrow({33, 10}, 2), narrow({10}, 3)};
  check_same(with_relu, operands, kRounded);
  const auto product = [](const Inputs& x) { return matmul(x[0], x[1], {.transpose_b = true}); };
  check_same(product, {narrow({3, 18, 40}, 4), narrow({24, 40}, 5)}, kRounded);
  const auto convolution = [](const Inputs& x) {
    return conv2d(x[0], x[1], x[2], {.padding = "same", .activation = kernels::Activation::relu});
  };
  const std::vector<Tensor> image = {narrow({2, 6, 7, 8}, 6), narrow({3, 3, 8, 16}, 7),
                                     narrow({16}, 8)};
  check_same(convolution, image, kRounded);

  const auto of_dense = kernels_of(with_relu, operands);
  CHECK(of_dense.count("gemm_bfloat16 mma") == 1);
  CHECK(of_dense.count("relu_sums_bfloat16 pieces") == 1);
  const auto of_convolution = kernels_of(convolution, image);
  for (const char* pass : {"conv2d", "conv2d_input_gradient", "conv2d_weight_gradient"})
    CHECK(of_convolution.count(std::string(pass) + "_bfloat16 mma") == 1);
  for (const auto* const seen : {&of_dense, &of_convolution}) {
    for (const std::string& one : *seen) {
      CAPTURE(one);
      CHECK(one.rfind("gemm ", 0) != 0);
      CHECK(one.rfind("conv2d ", 0) != 0);
    }
  }
}

TEST_CASE("gpu: element-wise operations on bfloat16 are the CPU's, to the bit") {
  check_same([](const Inputs& x) { return relu(x[0] + x[1]); },
             {narrow({7, 33}, 9), narrow({7, 33}, 10)});
  check_same([](const Inputs& x) { return x[0] - x[1]; }, {narrow({5, 40}, 11), narrow({40}, 12)},
             kRounded);
  const auto seen = kernels_of([](const Inputs& x) { return relu(x[0]); }, {narrow({64}, 13)});
  CHECK(seen.count("unary_bfloat16 vectors") == 1);
  CHECK(seen.count("binary_bfloat16 vectors") == 1);
}

TEST_CASE("gpu: products, quotients and activations of bfloat16, uncast both ways") {
  const std::vector<Tensor> two = {narrow({9, 35}, 14), narrow({9, 35}, 15)};
  check_uncast([](const Inputs& x) { return x[0] * x[1]; }, two);
  check_uncast([](const Inputs& x) { return sigmoid(x[0]) + tanh(x[1]); }, two, kRounded);
  check_uncast([](const Inputs& x) { return x[0] * sigmoid(x[0]); }, {two[0]}, kRounded);
  check_uncast([](const Inputs& x) { return exp(x[0]); }, {two[0]}, kRounded);
  check_uncast([](const Inputs& x) { return x[0] * 3.0; }, {two[0]});
  // Gradients of several operations, and those of what was broadcast, are rounded once.
  check_same([](const Inputs& x) { return x[0] / x[1]; },
             {two[0], cast(full({9, 35}, 1.5), bfloat16)}, kRounded);
  check_same([](const Inputs& x) { return softplus(x[0]); }, {two[0]}, kRounded);
  check_same([](const Inputs& x) { return x[0] * x[1]; }, {two[0], narrow({35}, 16)}, kRounded);
}

TEST_CASE("gpu: softmax of bfloat16, uncast both ways") {
  for (const std::int64_t columns : {1, 10, 300, 1500}) {
    CAPTURE(columns);
    const std::vector<Tensor> scores = {narrow({7, columns}, 18)};
    check_uncast([](const Inputs& x) { return softmax(x[0]); }, scores, kRounded);
    check_uncast([](const Inputs& x) { return log_softmax(x[0]); }, scores, kRounded);
  }
  const auto seen = kernels_of([](const Inputs& x) { return softmax(x[0]); }, {narrow({7, 10}, 1)});
  CHECK(seen.count("softmax_bfloat16 held") == 1);
  CHECK(seen.count("softmax_gradient_bfloat16 held") == 1);
}

TEST_CASE("gpu: pooling of bfloat16, uncast both ways") {
  for (const std::int64_t channels : {3, 4, 8}) {
    const std::vector<Tensor> image = {narrow({2, 7, 8, channels}, 17)};
    check_uncast([](const Inputs& x) { return max_pool2d(x[0]); }, image);
    check_uncast(
        [](const Inputs& x) {
          return max_pool2d(x[0], {.pool_size = {3, 3}, .strides = {2, 2}, .padding = "same"});
        },
        image, kRounded);
    check_uncast(
        [](const Inputs& x) {
          return average_pool2d(x[0], {.pool_size = {3, 3}, .strides = {2, 2}, .padding = "same"});
        },
        image, kRounded);
  }
}

TEST_CASE("gpu: sums of bfloat16 in float32; a mean is rounded once") {
  const std::vector<Tensor> image = {narrow({3, 9, 8, 5}, 18)};
  check_uncast([](const Inputs& x) { return sum(x[0], {.axis = {0, 1, 2}}); }, image, kRounded);
  check_uncast([](const Inputs& x) { return sum(x[0], {.axis = -1}); }, image, kRounded);
  check_same([](const Inputs& x) { return sum(x[0], {.axis = {0, 2}}); }, image, kRounded);
  check_same([](const Inputs& x) { return mean(x[0], {.axis = {1, 2}}); }, image, kRounded);
  check_same([](const Inputs& x) { return mean(x[0], {.axis = {0, 2}}); }, image, kRounded);
  check_same([](const Inputs& x) { return mean(x[0], {.axis = Axes(std::vector<int>{})}); }, image);
  // Thousands of ones: bfloat16 itself would stop at 256.
  const WithEmulatedGpu gpu;
  const Tensor ones = cast(full({5000}, 1.0), bfloat16).to(Device::named("cuda"));
  CHECK(sum(ones).item<double>() == 4992);  // the nearest
  CHECK(mean(ones).item<double>() == 1);
}

TEST_CASE("gpu: a mean of bfloat16 casts what it gives, not what it is of") {
  const auto pooled = [](const Inputs& x) { return mean(x[0], {.axis = {1, 2}}); };
  const Seen seen = seen_in(pooled, {narrow({3, 9, 8, 5}, 18)});
  CHECK(!seen.casts.empty());
  for (const std::int64_t size : seen.casts) CHECK(size == 3 * 5);
}

TEST_CASE("gpu: batch normalization of bfloat16 by float32 numbers, uncast both ways") {
  for (const std::int64_t channels : {3, 8}) {
    const std::vector<Tensor> operands = {narrow({4, 5, 6, channels}, 19), normal({channels}, 20),
                                          normal({channels}, 21)};
    const auto normalized = [](const Inputs& x) {
      BatchMoments moments;
      const Variable y = batch_normalization(x[0], x[1], x[2], 1e-3, moments);
      CHECK(y.dtype() == bfloat16);
      CHECK(moments.mean.dtype() == float32);
      return y;
    };
    check_uncast(normalized, operands, kRounded);
    check_uncast(
        [](const Inputs& x) {
          BatchMoments moments;
          return batch_normalization(x[0], Variable(), Variable(), 1e-3, moments);
        },
        {operands[0]}, kRounded);
    check_uncast(
        [](const Inputs& x) {
          BatchMoments moments;
          return batch_normalization_relu(x[0], x[1], x[2], x[3], 1e-3, moments);
        },
        {operands[0], operands[1], operands[2], narrow({4, 5, 6, channels}, 27)}, kRounded);
    // gamma and beta in bfloat16, as weights that were cast are.
    check_same(normalized, {operands[0], narrow({channels}, 22), narrow({channels}, 23)}, kRounded);
    const Tensor mean = normal({channels}, 24), variance = full({channels}, 1.5);
    const auto given = [&](const Inputs& x) {
      const Device there = x[0].value().device();
      return batch_normalization(x[0], x[1], x[2], 1e-3, mean.to(there), variance.to(there));
    };
    check_same(given, operands, kRounded);
    check_same(
        [&](const Inputs& x) {
          const NoGrad off;
          return given(x);
        },
        operands, kRounded);
    const auto seen = kernels_of(
        [&](const Inputs& x) {
          const NoGrad off;
          return given(x);
        },
        operands);
    CHECK(seen == std::set<std::string>{"batch_norm_bfloat16 columns"});
  }
}

TEST_CASE("gpu: layer normalization of bfloat16 by float32 numbers, uncast both ways") {
  for (const std::int64_t columns : {7, 64, 1030}) {
    CAPTURE(columns);
    const std::vector<Tensor> operands = {narrow({3, 4, columns}, 28), normal({columns}, 29),
                                          normal({columns}, 30)};
    const auto normalized = [](const Inputs& x) {
      const Variable y = layer_normalization(x[0], x[1], x[2], 1e-3);
      CHECK(y.dtype() == bfloat16);
      return y;
    };
    check_uncast(normalized, operands, kRounded);
    check_uncast(
        [](const Inputs& x) { return layer_normalization(x[0], Variable(), Variable(), 1e-3); },
        {operands[0]}, kRounded);
    check_same(normalized, {operands[0], narrow({columns}, 31), narrow({columns}, 32)}, kRounded);
    const std::string rung = columns > 1024 ? "block" : "held";
    const auto seen = kernels_of(normalized, operands);
    CHECK(seen.count("layer_norm_bfloat16 " + rung) == 1);
    CHECK(seen.count("layer_norm_gradient_bfloat16 " + rung) == 1);
  }
}

TEST_CASE("gpu: bfloat16 is moved, joined, cut and dropped without a cast") {
  const std::vector<Tensor> two = {narrow({2, 5, 3, 4}, 25), narrow({2, 5, 3, 4}, 26)};
  check_uncast([](const Inputs& x) { return concatenate({x[0], x[1]}); }, two);
  check_uncast([](const Inputs& x) { return transpose(x[0], {.axes = {0, 3, 1, 2}}); }, {two[0]});
  check_uncast(
      [](const Inputs& x) {
        return pad(x[0], {{0, 0}, {1, 2}, {0, 1}, {0, 0}});
      },
      {two[0]});
  check_uncast(
      [](const Inputs& x) {
        return slice(x[0], {{}, {.first = 1, .last = 4}, {}, {.first = 1, .last = 3}});
      },
      {two[0]});
  check_uncast([](const Inputs& x) { return dropout(x[0], 0.3, {.seed = 4, .stream = 2}); },
               {two[0]});
}

TEST_CASE("gpu: a step of a residual network under mixed_bfloat16 casts no activations") {
  const WithEmulatedGpu gpu;
  constexpr std::int64_t kBatch = 4, kSide = 8, kChannels = 16;
  constexpr std::int64_t kActivations = kBatch * kSide * kSide * kChannels;
  const auto convolution = [](const SymbolicTensor& x) {
    return layers::BatchNormalization()(
        layers::Conv2D({.filters = kChannels, .kernel_size = 3, .padding = "same"})(x));
  };
  set_device("cuda");
  set_random_seed(6);
  const SymbolicTensor image = Input({.shape = {kSide, kSide, 3}});
  config::set_dtype_policy("mixed_bfloat16");
  const SymbolicTensor first = layers::Activation("relu")(convolution(image));
  const SymbolicTensor second = layers::Activation("relu")(
      layers::Add()({layers::Activation("relu")(convolution(first)), first}));
  const SymbolicTensor pooled = layers::GlobalAveragePooling2D()(layers::MaxPooling2D()(second));
  config::set_dtype_policy("float32");
  Model model(image, layers::Dense({.units = 5})(pooled));
  set_device("cpu");
  model.compile({.optimizer = "sgd",
                 .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                 .run_eagerly = true});
  const Tensor x = normal({kBatch, kSide, kSide, 3});
  model.fit(x, classes(kBatch, 5), {.batch_size = kBatch, .verbose = 0});
  {
    const Kernels kernels;
    model.fit(x, classes(kBatch, 5), {.batch_size = kBatch, .verbose = 0});
    // The image, weights, what the network ends in: nothing as large as what flows within.
    CHECK(!kernels.casts.empty());
    for (const std::int64_t size : kernels.casts) CHECK(size < kActivations);
    for (const std::string kernel :
         {"batch_moments_bfloat16 pieces", "batch_norm_relu_bfloat16 columns",
          "batch_norm_relu_gradient_bfloat16 pieces", "max_pool2d_bfloat16 channels",
          "max_pool2d_gradient_bfloat16 channels", "reduce_bfloat16_to_float32 naive"}) {
      CAPTURE(kernel);
      CHECK(kernels.seen.count(kernel) == 1);
    }
  }
  const Kernels kernels;
  (void)model.predict(x, {.verbose = 0});
  CHECK(kernels.seen.count("batch_norm_relu_bfloat16 columns") == 1);
  for (const std::int64_t size : kernels.casts) CHECK(size < kActivations);
}

TEST_CASE("gpu: LayerNormalization under mixed_bfloat16 casts no activations") {
  const WithEmulatedGpu gpu;
  constexpr std::int64_t kBatch = 4, kSteps = 6, kUnits = 16;
  set_device("cuda");
  config::set_dtype_policy("mixed_bfloat16");
  Sequential model({Input({.shape = {kSteps, 5}}),
                    layers::Dense({.units = kUnits, .activation = "relu"}),
                    layers::LayerNormalization(), layers::Dense({.units = kUnits}),
                    layers::LayerNormalization({.axis = {1, 2}}), layers::GlobalAveragePooling1D(),
                    layers::Dense({.units = 5})});
  config::set_dtype_policy("float32");
  set_device("cpu");
  const Variable y = model(normal({kBatch, kSteps, 5}, 1), {.training = true}).get(0);
  const Kernels kernels;
  y.backward(cast(ones(y.shape()), y.dtype()).to(y.value().device()));
  CHECK(!kernels.casts.empty());  // of gradients of weights
  for (const std::int64_t size : kernels.casts) CHECK(size < kBatch * kSteps * kUnits);
  CHECK(kernels.seen.count("layer_norm_gradient_bfloat16 held") == 1);
  for (const std::string kernel : {"layer_norm held", "layer_norm_gradient held"})
    CHECK(kernels.seen.count(kernel) == 0);
}

}  // namespace keratin::tests
