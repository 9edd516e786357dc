// How much work a captured step of training is: each kernel, copy and memset of a graph takes the
// GPU one to two microseconds, whatever it computes.
#include "kernels/run.h"
#include "nn/layers/conv2d.h"
#include "nn/layers/flatten.h"
#include "nn/layers/pooling.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "tests/cuda_emulation/graphs.h"
#include "tests/gpu/programs.h"

namespace keratin::tests {
namespace {

// The convolutional network of the benchmarks on smaller images.
Model small_cnn(const std::string& activation) {
  return Sequential({Input({.shape = {14, 14, 1}}),
                     layers::Conv2D({.filters = 8, .kernel_size = 3, .activation = "relu"}),
                     layers::MaxPooling2D(),
                     layers::Conv2D({.filters = 16, .kernel_size = 3, .activation = "relu"}),
                     layers::MaxPooling2D(), layers::Flatten(),
                     layers::Dense({.units = 10, .activation = activation})});
}

// What the GPU was given, a line a kernel: layer, operation, "backward", kernel, rung, shape.
class List final : public kernels::TraceSink {
 public:
  List() : before_(kernels::set_trace_sink(this)) {}
  ~List() override { kernels::set_trace_sink(before_); }
  void record(const kernels::KernelCall& call) override {
    const kernels::CallSite& site = kernels::call_site;
    text +=
        fmt::format("{} {}{}, {} {} {}\n", site.scope == nullptr ? "" : site.scope->path(), site.op,
                    site.backward ? " backward" : "", call.op, call.rung, call.shape());
  }
  std::string text;

 private:
  kernels::TraceSink* before_;
};

}  // namespace

// The batch's gathering 1, forward 5 and the softmax, loss and its gradient 2, backward 10, Adam 1,
// metrics 3. Larger batches take more: sums and weight gradients in parts.
TEST_CASE("gpu launches: a step of a convolutional network" * doctest::skip(on_real_gpu())) {
  const WithEmulatedGpu gpu;
  for (const bool softmax : {false, true}) {
    CAPTURE(softmax);
    set_device("cuda");
    Model model = small_cnn(softmax ? "softmax" : "linear");
    model.compile({.optimizer = "adam",
                   .loss = losses::SparseCategoricalCrossentropy({.from_logits = !softmax}),
                   .metrics = {"accuracy"}});
    const auto fit = [&](std::int64_t steps) {
      model.fit(normal({8 * steps, 14, 14, 1}, 1), classes(8 * steps, 3),
                {.batch_size = 8, .epochs = 1, .verbose = 0});
    };
    fit(1);
    std::string launches;
    {
      const List list;  // while somebody looks there are no graphs
      fit(1);
      launches = list.text;
    }
    const auto copies = [&](std::int64_t steps) {
      const std::int64_t before = cuda_emulation::lone_transfers().copies;
      fit(steps);
      return cuda_emulation::lone_transfers().copies - before;
    };
    const std::int64_t few = copies(6), more = copies(8);
    const cuda_emulation::Work work = cuda_emulation::last_graph();
    INFO(launches);
    CHECK(work.kernels == (softmax ? 23 : 22));
    CHECK(work.copies + work.memsets == 0);
    CHECK((more - few) / 2 == 4);  // what each step is sent before its graph
  }
}

}  // namespace keratin::tests
