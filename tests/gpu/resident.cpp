// fit on samples that lie on the emulated GPU: the same bits as on batches that are sent there.
#include <map>

#include "kernels/run.h"
#include "nn/callbacks/lambda_callback.h"
#include "nn/layers/concatenate.h"
#include "nn/layers/dropout.h"
#include "nn/layers/rescaling.h"
#include "nn/model/resident.h"
#include "nn/optimizers/adam.h"
#include "nn/placement.h"
#include "tensor/one_hot.h"
#include "tests/cuda_emulation/runtime_api.h"
#include "tests/gpu/programs.h"
#include "tests/standard_error.h"

namespace keratin::tests {
namespace {

constexpr std::int64_t kRows = 38, kFeatures = 900;

// Counts gathers, and kernels in all.
class Gathers : public kernels::TraceSink {
 public:
  Gathers() : before_(kernels::set_trace_sink(this)) {}
  ~Gathers() { kernels::set_trace_sink(before_); }
  Gathers(const Gathers&) = delete;
  Gathers& operator=(const Gathers&) = delete;
  void record(const kernels::KernelCall& call) override {
    if (std::string_view(call.op) == "gather") ++count;
  }
  int count = 0;

 private:
  kernels::TraceSink* before_;
};

Model wide() {
  return Sequential({Input({.shape = {kFeatures}}), layers::Dropout({.rate = 0.2}),
                     layers::Dense({.units = 3, .activation = "softmax"})});
}

std::map<std::string, std::vector<double>> of(const History& history) {
  return {history.history.begin(), history.history.end()};
}

// Memory for the model and its batches, and for the samples, or not for these.
class Memory {
 public:
  explicit Memory(bool enough) {
    if (!enough) cuda_emulation::set_machine({.memory = std::size_t{256} << 10});
  }
  ~Memory() { cuda_emulation::set_machine({}); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
};

using Compile = std::function<CompileOptions()>;

template <class Make>
Run run(bool resident, bool eagerly, Make make, const Compile& compile, const Tensors& x,
        const Tensors& y, const FitOptions& fit) {
  const Memory memory(resident);
  const WithEmulatedGpu gpu;
  CompileOptions options = compile();
  options.run_eagerly = eagerly;
  return trained("cuda:0", make, options, x, y, fit);
}

// As batches that are sent, kernel by kernel and in graphs; `gathers`: kernels of an eager run.
template <class Make>
void check_same_bits(Make make, const Compile& compile, const Tensors& x, const Tensors& y,
                     const FitOptions& fit, int gathers) {
  const Run sent = run(false, true, make, compile, x, y, fit);
  CHECK(sent.last != sent.first);
  for (const bool eagerly : {true, false}) {
    CAPTURE(eagerly);
    const std::int64_t graphs = cuda_emulation::graph_launches();
    const Run there = run(true, eagerly, make, compile, x, y, fit);
    CHECK(there.first == sent.first);
    CHECK(there.last == sent.last);
    CHECK(there.said == sent.said);
    CHECK(of(there.history) == of(sent.history));
    CHECK((cuda_emulation::graph_launches() > graphs) == !eagerly);
  }
  for (const bool resident : {true, false}) {
    CAPTURE(resident);
    const Gathers seen;
    run(resident, true, make, compile, x, y, fit);
    CHECK(seen.count == (resident ? gathers : 0));
  }
}

CompileOptions sparse() {
  return {.optimizer = optimizers::Adam({.learning_rate = 0.01}),
          .loss = "sparse_categorical_crossentropy",
          .metrics = {"accuracy"}};
}
CompileOptions dense() {
  return {.optimizer = "sgd", .loss = "categorical_crossentropy", .metrics = {"accuracy"}};
}

FitOptions epochs(int count) { return {.batch_size = 4, .epochs = count, .verbose = 0}; }

}  // namespace

TEST_CASE("gpu: samples on the GPU, shuffled and in order, a short last batch" *
          doctest::skip(on_real_gpu())) {
  const Tensor x = normal({kRows, kFeatures}, 1), y = classes(kRows, 3);
  check_same_bits(wide, sparse, x, y, epochs(3), 3 * 10);
  FitOptions in_order = epochs(3);
  in_order.shuffle = false;
  check_same_bits(wide, sparse, x, y, in_order, 3 * 10);
}

TEST_CASE("gpu: samples on the GPU, a part held out, weights and targets of floats there too" *
          doctest::skip(on_real_gpu())) {
  const Tensor x = normal({kRows, kFeatures}, 2);
  FitOptions fit = epochs(3);
  fit.validation_split = 0.5;  // 5 batches of either half
  const Tensor targets = cast(one_hot(classes(kRows, 3), 3), float32);
  check_same_bits(wide, dense, x, targets, fit, 3 * 10 * 2);
  fit.sample_weight = Tensor::from(normal_values<float>(kRows, 3), {kRows});
  check_same_bits(wide, dense, x, targets, fit, 3 * 10 * 3);
  // float64 becomes float32 before.
  check_same_bits(wide, dense, cast(x, float64), targets, epochs(2), 2 * 10 * 2);
}

TEST_CASE("gpu: samples on the GPU, weights by class, several inputs, bytes" *
          doctest::skip(on_real_gpu())) {
  FitOptions fit = epochs(3);
  fit.class_weight = {{0, 1.0}, {1, 3.0}, {2, 0.5}};
  const Tensor x = normal({kRows, kFeatures}, 4);
  check_same_bits(wide, dense, x, cast(one_hot(classes(kRows, 3), 3), float32), fit,
                  3 * 10 * 3);  // targets on the CPU too

  const auto two = [] {
    const SymbolicTensor bytes = Input({.shape = {kFeatures}, .dtype = uint8, .name = "bytes"}),
                         floats = Input({.shape = {7}, .name = "floats"});
    const SymbolicTensor joined =
        layers::Concatenate()({layers::Rescaling({.scale = 1.0 / 255})(bytes), floats});
    return Model(SymbolicTensors{{"bytes", bytes}, {"floats", floats}},
                 layers::Dense({.units = 3, .activation = "softmax"})(joined));
  };
  std::vector<std::uint8_t> values(static_cast<std::size_t>(4 * kRows * kFeatures));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * 37);
  const Tensors both{{"bytes", Tensor::from(values, {4 * kRows, kFeatures})},
                     {"floats", normal({4 * kRows, 7}, 5)}};
  check_same_bits(two, sparse, both, classes(4 * kRows, 3), epochs(1), 38 * 2);
}

TEST_CASE("gpu: samples on the GPU that change meanwhile are sent again" *
          doctest::skip(on_real_gpu())) {
  const auto train = [](bool resident, bool eagerly) {
    Tensor x = normal({kRows, kFeatures}, 6);
    FitOptions fit = epochs(4);
    fit.callbacks = {callbacks::LambdaCallback({.on_epoch_end = [&x](int epoch, Logs&) {
      if (epoch == 1) x.copy_from(normal({kRows, kFeatures}, 7));
    }})};
    return run(resident, eagerly, wide, sparse, x, classes(kRows, 3), fit).last;
  };
  const std::vector<float> sent = train(false, true);
  CHECK(train(true, true) == sent);
  CHECK(train(true, false) == sent);
}

TEST_CASE("gpu: a NaN among samples is found in its batch" * doctest::skip(on_real_gpu())) {
  Tensor x = normal({kRows, kFeatures}, 8);
  x.mutable_data<float>()[5 * kFeatures + 3] = std::numeric_limits<float>::quiet_NaN();
  FitOptions fit = epochs(1);
  fit.shuffle = false;
  const auto said = [&](bool resident) {
    return error_of([&] { run(resident, false, wide, sparse, x, classes(kRows, 3), fit); });
  };
  CHECK(said(true) == said(false));
  CHECK(said(true).find("has a NaN in row 1 of batch 1") != std::string::npos);
}

TEST_CASE("gpu: samples stay on the CPU where a model of one's own may look at them" *
          doctest::skip(on_real_gpu())) {
  class Looking final : public Model {
   public:
    using Model::Model;
    Tensors train_step(const Example& batch) override {
      CHECK(batch.x.dtype() == float32);
      CHECK(batch.x.device().is_cpu());
      return Model::train_step(batch);
    }
  };
  const WithEmulatedGpu gpu;
  set_device("cuda");
  const SymbolicTensor in = Input({.shape = {kFeatures}});
  Looking model(in, layers::Dense({.units = 3, .activation = "softmax"})(in));
  set_device("cpu");
  model.compile(sparse());
  const Gathers seen;
  model.fit(normal({kRows, kFeatures}, 9), classes(kRows, 3), epochs(2));
  CHECK(seen.count == 0);
}

}  // namespace keratin::tests
