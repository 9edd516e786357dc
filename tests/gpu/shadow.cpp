// Weights under mixed_bfloat16: the copy in bfloat16 that the optimizer writes.
#include "autograd/shadow.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/multiply.h"
#include "autograd/tape.h"
#include "kernels/run.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/constraints.h"
#include "nn/layers/batch_normalization.h"
#include "nn/optimizers/adam.h"
#include "nn/optimizers/sgd.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

Model mixed(const layers::DenseOptions& first) {
  config::set_dtype_policy("mixed_bfloat16");
  Sequential model({Input({.shape = {6}}), layers::Dense(first), layers::BatchNormalization(),
                    layers::Dense({.units = 3, .activation = "softmax", .dtype = "float32"})});
  config::set_dtype_policy("float32");
  return model;
}
Model mixed() { return mixed({.units = 5, .activation = "relu"}); }

// How many casts from float32 to bfloat16 are of a Dense layer's kernel, [6, 5], or bias.
class WeightCasts final : public kernels::TraceSink {
 public:
  WeightCasts() : before_(kernels::set_trace_sink(this)) {}
  ~WeightCasts() override { kernels::set_trace_sink(before_); }
  void record(const kernels::KernelCall& call) override {
    const std::string op = call.op;
    if (op.find("float32_to_bfloat16") == std::string::npos) return;
    const std::string shape = call.shape();
    count += shape == "[30]" || shape == "[5]";
  }
  int count = 0;

 private:
  kernels::TraceSink* before_;
};

using Change = std::function<void(Model&, std::int64_t)>;

// Weights at the end of 16 steps; `change` is called after each.
std::vector<float> trained(const std::function<Model()>& make, const OptimizerRef& optimizer,
                           bool eagerly, const Change& change) {
  set_device("cuda");
  set_random_seed(5);
  Model model = make();
  model.compile({.optimizer = optimizer,
                 .loss = "sparse_categorical_crossentropy",
                 .metrics = {"accuracy"},
                 .run_eagerly = eagerly});
  FitOptions fit{.batch_size = 4, .epochs = 4, .verbose = 0};
  fit.callbacks = {callbacks::LambdaCallback(
      {.on_train_batch_end = [&](std::int64_t b, Logs&) { change(model, b); }})};
  model.fit(normal({16, 6}, 1), classes(16, 3), fit);
  return weights_of(model);
}

// Every weight written with what it is, so that its shadow is stale.
void write_again(Model& model, std::int64_t) {
  for (Variable weight : model.trainable_variables()) weight.assign(weight.value().copy());
}

}  // namespace

TEST_CASE(
    "gpu: a weight's shadow is its cast, and is made again after any write but the "
    "optimizer's") {
  const WithEmulatedGpu gpu;
  Variable w(normal({6, 5}, 1).to(Device::named("cuda")));
  REQUIRE(detail::takes_shadow(w));
  const auto check = [&] {
    const Variable shadow = detail::shadow_of(w);
    CHECK(shadow.dtype() == bfloat16);
    CHECK(shadow.value().to_vector<float>() == cast(w.value(), bfloat16).to_vector<float>());
    return shadow.value();
  };
  const Tensor first = check();
  CHECK(check().shares_storage_with(first));
  w.assign(normal({6, 5}, 2));
  CHECK(check().shares_storage_with(first));
  w.assign_add(1.0);
  check();
  // The gradient comes back in float32.
  const Variable y = detail::shadow_of(w) * 2.0;
  y.backward(cast(normal({6, 5}, 3), bfloat16).to(y.value().device()));
  CHECK(w.grad().dtype() == float32);
  // The optimizer writes it.
  OptimizerRef optimizer = optimizers::SGD({.learning_rate = 0.1});
  const std::vector<float> before = detail::shadow_of(w).value().to_vector<float>();
  optimizer.apply_gradients({w});
  CHECK(w.impl()->shadow.version == w.value().version());
  CHECK(check().to_vector<float>() != before);
  // Not of what has no gradient, is computed, or lies on the CPU.
  CHECK(!detail::takes_shadow(Variable(w.value(), false)));
  CHECK(!detail::takes_shadow(y));
  CHECK(!detail::takes_shadow(Variable(normal({2}, 1))));
}

TEST_CASE(
    "gpu: steps under mixed_bfloat16 cast no weight that the optimizer wrote, and give the "
    "same bits") {
  const WithEmulatedGpu gpu;
  const auto make = [] { return mixed(); };
  for (const char* name : {"sgd", "adam", "lamb"}) {
    CAPTURE(name);
    int casts = 0, casts_when_written = 0;
    std::vector<float> weights, written;
    {
      const WeightCasts seen;
      weights = trained(make, OptimizerRef(name), true, [](Model&, std::int64_t) {});
      casts = seen.count;
    }
    {
      const WeightCasts seen;
      written = trained(make, OptimizerRef(name), true, write_again);
      casts_when_written = seen.count;
    }
    CHECK(weights == written);
    CHECK(casts_when_written >= casts + 15);
    CHECK(trained(make, OptimizerRef(name), false, [](Model&, std::int64_t) {}) == weights);
    CHECK(trained(make, OptimizerRef(name), false, write_again) == weights);
  }
}

TEST_CASE("gpu graphs: mixed_bfloat16 where other things than the optimizer write weights") {
  const WithEmulatedGpu gpu;
  const auto check = [](const std::function<Model()>& make,
                        const std::function<OptimizerRef()>& optimizer, const Change& change) {
    const std::vector<float> eager = trained(make, optimizer(), true, change);
    const std::int64_t before = cuda_emulation::graph_launches();
    CHECK(trained(make, optimizer(), false, change) == eager);
    if (!on_real_gpu()) CHECK(cuda_emulation::graph_launches() > before);
  };
  const auto nothing = [](Model&, std::int64_t) {};
  const auto plain = [] { return mixed(); };
  const auto adam = []() -> OptimizerRef { return optimizers::Adam({.learning_rate = 0.05}); };
  check(plain, adam, [](Model& model, std::int64_t batch) {
    if (batch != 3) return;  // of each epoch; by the first there is a graph
    std::vector<Tensor> weights = model.get_weights();
    for (Tensor& weight : weights) weight = weight * 0.5;
    model.set_weights(weights);
  });
  // Steps 3, 6, 9, 12 and 15 overwrite; others are recorded after one that does not.
  check(
      plain,
      []() -> OptimizerRef {
        return optimizers::SGD({.learning_rate = 0.1,
                                .use_ema = true,
                                .ema_momentum = 0.5,
                                .ema_overwrite_frequency = 3});
      },
      nothing);
  check(
      [] {
        return mixed({.units = 5,
                      .activation = "relu",
                      .kernel_constraint = constraints::MaxNorm({.max_value = 0.5})});
      },
      adam, nothing);
}

}  // namespace keratin::tests
