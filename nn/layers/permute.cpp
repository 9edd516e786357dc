#include "nn/layers/permute.h"

#include <algorithm>

#include "autograd/ops/repeat.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/transpose.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class PermuteLayer final : public ConfiguredLayer<PermuteOptions> {
 public:
  explicit PermuteLayer(const PermuteOptions& options) : ConfiguredLayer("Permute", options) {
    std::vector<int> sorted = options.dims;
    std::sort(sorted.begin(), sorted.end());
    bool all = !sorted.empty();
    for (std::size_t i = 0; i < sorted.size(); ++i) all &= sorted[i] == static_cast<int>(i) + 1;
    if (!all) {
      throw ValueError(
          fmt::format("Permute: dims is {}; expected 1 to n, each once: axes without the batch",
                      Shape({options.dims.begin(), options.dims.end()}).text()));
    }
    axes_ = options.dims;
    axes_.insert(axes_.begin(), 0);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    if (inputs[0].shape.rank() == std::ssize(axes_)) return;
    throw ShapeError(fmt::format("{}: input is {}, dims has {} axes; expected as many as a sample",
                                 label(), inputs[0].text(), options_.dims.size()));
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    Shape shape;
    for (const int axis : axes_) shape.push_back(inputs[0].shape[axis]);
    return {{shape, inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override { return transpose(x, {.axes = axes_}); }

 private:
  std::vector<int> axes_;
};

class RepeatVectorLayer final : public ConfiguredLayer<RepeatVectorOptions> {
 public:
  explicit RepeatVectorLayer(const RepeatVectorOptions& options)
      : ConfiguredLayer("RepeatVector", options) {
    if (options.n < 1) {
      throw ValueError(fmt::format("RepeatVector: n is {}; expected at least 1", options.n));
    }
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 2, "[batch, features]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    return {{{in[0], options_.n, in[1]}, inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    return repeat(reshape(x, {x.shape()[0], 1, x.shape()[1]}), options_.n, {.axis = 1});
  }
};

}  // namespace

Permute::Permute(const PermuteOptions& options)
    : LayerRef(std::make_shared<PermuteLayer>(options)) {}
RepeatVector::RepeatVector(const RepeatVectorOptions& options)
    : LayerRef(std::make_shared<RepeatVectorLayer>(options)) {}

}  // namespace keratin::layers
