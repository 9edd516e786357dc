// Models whose batch normalization is computed with the relu, and the addition, that follow: the bits
// of the layers one by one, on the CPU and on the emulated GPU.
#include <map>
#include <string>
#include <vector>

#include "keratin.h"
#include "kernels/run.h"
#include "nn/output_watch.h"
#include "tests/gpu/both_devices.h"

namespace keratin::tests {
namespace {

constexpr std::int64_t kBatch = 4, kSide = 6, kChannels = 8;

// How often which kernels were called.
struct Counts {
  std::map<std::string, int> all;
  // Of an operation of any dtype.
  int of(const std::string& op) const {
    int count = 0;
    for (const char* kind : {"", "_bfloat16"}) {
      const auto found = all.find(op + kind);
      if (found != all.end()) count += found->second;
    }
    return count;
  }
};
class Counter : public kernels::TraceSink {
 public:
  Counter() : before_(kernels::set_trace_sink(this)) {}
  ~Counter() override { kernels::set_trace_sink(before_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  void record(const kernels::KernelCall& call) override {
    if (call.depth == 0) ++counts.all[call.op];
  }
  Counts counts;

 private:
  kernels::TraceSink* before_;
};

// While one lives, every layer is computed by itself.
class EveryLayer final : public detail::OutputWatch {
 public:
  void see(const Layer&, const Variables&) override { ++seen; }
  int seen = 0;
};

SymbolicTensor convolved(const SymbolicTensor& x, int size = 3) {
  return layers::Conv2D(
      {.filters = kChannels, .kernel_size = size, .padding = "same", .use_bias = false})(x);
}
SymbolicTensor normalized(const SymbolicTensor& x) {
  return layers::BatchNormalization({.momentum = 0.5,
                                     .beta_initializer = initializers::RandomNormal(),
                                     .gamma_initializer = initializers::RandomNormal(1, 0.3)})(x);
}

// relu; an addition of what was before and relu; one of a projection and relu.
Model residual_network() {
  const SymbolicTensor image = Input({.shape = {kSide, kSide, 3}});
  const SymbolicTensor first = layers::ReLU()(normalized(convolved(image)));
  const SymbolicTensor second =
      layers::Activation("relu")(layers::Add()({first, normalized(convolved(first))}));
  const SymbolicTensor third = layers::ReLU()(
      layers::Add()({normalized(convolved(second)), normalized(convolved(second, 1))}));
  return Model(image, third);
}

using Values = std::vector<std::vector<double>>;

// What the model gives, the gradients of its weights, and what it remembers.
Values results(Model& model, const Tensor& x, bool training) {
  const Variable y = model(x, {.training = training}).get(0);
  y.backward(cast(normal(y.shape(), 5), y.dtype()).to(y.value().device()));
  Values all{y.value().to_vector<double>()};
  for (Variable weight : model.trainable_variables()) {
    all.push_back(weight.grad().to_vector<double>());
    weight.clear_grad();
  }
  for (const Variable& weight : model.weights()) {
    all.push_back(weight.value().to_vector<double>());
  }
  return all;
}

// The same bits, whether the model's layers are computed together or not; gives the kernels of the
// former.
Counts check_bits(Model& model, const Tensor& x, bool training = true) {
  (void)model(x, {.training = training});  // the first time layers note what they give
  const std::vector<Tensor> weights = model.get_weights();
  Values apart;
  {
    const EveryLayer watch;
    apart = results(model, x, training);
    CHECK(watch.seen > 0);
  }
  model.set_weights(weights);
  const Counter counter;
  const Values together = results(model, x, training);
  CHECK(together == apart);
  return counter.counts;
}

Tensor images(Device device = {}) { return normal({kBatch, kSide, kSide, 3}, 3).to(device); }

// Of a model from symbolic(input), which is [batch, kSide, kSide, kChannels]: how many are fused.
template <class F>
int fused_in(F symbolic) {
  const SymbolicTensor input = Input({.shape = {kSide, kSide, kChannels}});
  Model model(input, symbolic(input));
  const Counts counts = check_bits(model, normal({kBatch, kSide, kSide, kChannels}, 4));
  CHECK(counts.of("batch_norm_relu") == counts.of("batch_norm_relu_gradient"));
  return counts.of("batch_norm_relu");
}

}  // namespace

TEST_CASE("fused relu: a residual network on both devices, training and inference") {
  const WithEmulatedGpu gpu;
  for (const char* const device : {"cpu", "cuda"}) {
    for (const char* const policy : {"float32", "mixed_bfloat16"}) {
      CAPTURE(device);
      CAPTURE(policy);
      set_device(device);
      set_random_seed(7);
      config::set_dtype_policy(policy);
      Model model = residual_network();
      config::set_dtype_policy("float32");
      set_device("cpu");
      const Tensor x = images(Device::named(device));
      const Counts training = check_bits(model, x), inference = check_bits(model, x, false);
      // Of bfloat16 the CPU normalizes in float32 what it rounds before the rest.
      const bool apart = std::string(device) == "cpu" && std::string(policy) != "float32";
      for (const Counts* counts : {&training, &inference}) {
        CHECK(counts->of("batch_norm_relu") == (apart ? 0 : 3));
        CHECK(counts->of("batch_norm") == (apart ? 4 : 1));
      }
      CHECK(training.of("batch_norm_relu_gradient") == (apart ? 0 : 3));
      CHECK(training.of("batch_norm_gradient") == (apart ? 4 : 1));
      if (!apart) CHECK(training.of("unary") == 0);  // no relu by itself
      model.set_trainable(false);
      for (const LayerRef& layer : model.layers()) {
        if (layer.layer()->class_name() == "Conv2D") layer.layer()->set_trainable(true);
      }
      CHECK(check_bits(model, x).of("batch_norm_relu") == (apart ? 0 : 3));  // frozen: as inference
    }
  }
}

TEST_CASE("fused relu: what stays apart") {
  using layers::Activation;
  using layers::Add;
  using layers::ReLU;
  CHECK(fused_in([](const auto& x) { return ReLU()(normalized(x)); }) == 1);
  CHECK(fused_in([](const auto& x) { return Activation("relu")(normalized(x)); }) == 1);
  CHECK(fused_in([](const auto& x) { return ReLU()(Add()({x, normalized(x)})); }) == 1);
  // Other functions, or nothing after it.
  CHECK(fused_in([](const auto& x) { return ReLU({.max_value = 6})(normalized(x)); }) == 0);
  CHECK(fused_in([](const auto& x) { return ReLU({.negative_slope = 0.1})(normalized(x)); }) == 0);
  CHECK(fused_in([](const auto& x) { return Activation("tanh")(normalized(x)); }) == 0);
  CHECK(fused_in([](const auto& x) {
          return Activation([](const Variable& v) { return relu(v); })(normalized(x));
        }) == 0);
  CHECK(fused_in([](const auto& x) { return Add()({x, normalized(x)}); }) == 0);
  CHECK(fused_in([](const auto& x) {
          return ReLU()(layers::Subtract()({x, normalized(x)}));
        }) == 0);
  // What is in between is read elsewhere.
  CHECK(fused_in([](const auto& x) {
          const SymbolicTensor y = normalized(x);
          return Add()({ReLU()(y), y});
        }) == 0);
  CHECK(fused_in([](const auto& x) {
          const SymbolicTensor y = normalized(x);
          return ReLU()(Add()({y, y}));
        }) == 0);
  CHECK(fused_in([](const auto& x) {
          const SymbolicTensor sum = Add()({x, normalized(x)});
          return Add()({ReLU()(sum), sum});
        }) == 0);
  // Three are added; what is added is repeated; the channels are not the last axis.
  CHECK(fused_in([](const auto& x) { return ReLU()(Add()({x, normalized(x), x})); }) == 0);
  CHECK(fused_in([](const auto& x) {
          return ReLU()(
              Add()({layers::GlobalAveragePooling2D({.keepdims = true})(x), normalized(x)}));
        }) == 0);
  CHECK(fused_in(
            [](const auto& x) { return ReLU()(layers::BatchNormalization({.axis = 1})(x)); }) == 0);
  // Another dtype after it.
  CHECK(fused_in([](const auto& x) { return ReLU({.dtype = "float64"})(normalized(x)); }) == 0);
  // Layers that are called twice are fused in both calls.
  CHECK(fused_in([](const auto& x) {
          const layers::BatchNormalization norm;
          const ReLU relu;
          return relu(norm(relu(norm(x))));
        }) == 2);
}

TEST_CASE("fused relu: outputs in between, masks, a Sequential, and models within models") {
  set_random_seed(8);
  const SymbolicTensor input = Input({.shape = {5, kChannels}});
  const Tensor x = normal({kBatch, 5, kChannels}, 4);
  {
    const SymbolicTensor y = normalized(input);
    Model model(input, std::vector<SymbolicTensor>{layers::ReLU()(y), y});
    for (int round = 0; round < 2; ++round) {
      const Counter counter;
      const Variables both = model(x, {.training = true});
      CHECK(relu(both.get(1).value()).to_vector<float>() == both.get(0).value().to_vector<float>());
      CHECK(counter.counts.of("batch_norm_relu") == 0);
    }
  }
  {
    Model model(input, layers::ReLU()(normalized(layers::Masking()(input))));
    CHECK(check_bits(model, x).of("batch_norm_relu") == 0);
    const Variable y = model(x, {.training = true}).get(0);
    CHECK(mask_of(y).defined());
  }
  {
    Model model(input,
                layers::ReLU()(layers::Add()({normalized(input), layers::Masking()(input)})));
    CHECK(check_bits(model, x).of("batch_norm_relu") == 0);
  }
  Sequential inner(
      {Input({.shape = {5, kChannels}}), layers::BatchNormalization(), layers::ReLU()});
  CHECK(check_bits(inner, x).of("batch_norm_relu") == 1);
  Model outer(input, layers::Add()({inner(input), input}));
  CHECK(check_bits(outer, x).of("batch_norm_relu") == 1);
  // What it gives ends the inner model: nothing of it is fused with what follows outside.
  Sequential ends({Input({.shape = {5, kChannels}}), layers::BatchNormalization()});
  Model around(input, layers::ReLU()(ends(input)));
  CHECK(check_bits(around, x).of("batch_norm_relu") == 0);
}

}  // namespace keratin::tests
