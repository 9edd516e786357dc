#include "nn/layers/time_distributed.h"

#include <algorithm>
#include <set>

#include "autograd/ops/reshape.h"
#include "autograd/ops/slice.h"
#include "autograd/ops/stack.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

// Layers whose result for a sample depends on that sample alone, so that steps can be samples.
bool by_sample(const Layer& layer) {
  static const std::set<std::string> names{"Activation",
                                           "AveragePooling1D",
                                           "AveragePooling2D",
                                           "Concatenate",
                                           "Conv1D",
                                           "Conv2D",
                                           "Cropping1D",
                                           "Cropping2D",
                                           "Dense",
                                           "Dropout",
                                           "ELU",
                                           "Embedding",
                                           "Flatten",
                                           "Functional",
                                           "GlobalAveragePooling1D",
                                           "LeakyReLU",
                                           "GlobalAveragePooling2D",
                                           "GlobalMaxPooling1D",
                                           "GlobalMaxPooling2D",
                                           "Identity",
                                           "GroupNormalization",
                                           "InputLayer",
                                           "LayerNormalization",
                                           "MaxPooling1D",
                                           "MaxPooling2D",
                                           "Permute",
                                           "PReLU",
                                           "ReLU",
                                           "RepeatVector",
                                           "Rescaling",
                                           "Reshape",
                                           "RMSNormalization",
                                           "Sequential",
                                           "Softmax",
                                           "UnitNormalization",
                                           "UpSampling1D",
                                           "UpSampling2D",
                                           "ZeroPadding1D",
                                           "ZeroPadding2D"};
  return names.count(layer.class_name()) > 0;
}

class TimeDistributedLayer final : public ConfiguredLayer<TimeDistributedOptions> {
 public:
  explicit TimeDistributedLayer(const TimeDistributedOptions& options)
      : ConfiguredLayer("TimeDistributed", options) {
    if (!options.layer.defined()) throw ValueError("TimeDistributed: layer is missing");
    track(options.layer);
    set_supports_masking(true);
    set_autocast(false);
  }

  std::vector<std::pair<std::string, LayerRef>> named_sublayers() const override {
    return {{"layer", options_.layer}};
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 3, "[batch, time, ...]");
    inner().check_inputs({step(inputs[0])});
  }
  void ensure_built(const std::vector<Spec>& inputs) override {
    inner().ensure_built({step(inputs[0])});
    Layer::ensure_built(inputs);
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const std::vector<Spec> out = inner().output_specs({step(inputs[0])});
    require_one(out.size());
    Spec spec = out[0];
    spec.shape = Shape{inputs[0].shape[0], inputs[0].shape[1]}.joined(
        spec.shape.slice(1, spec.shape.rank()));
    return {spec};
  }
  std::vector<Tensor> compute_mask(const Variables&, const std::vector<Tensor>& masks) override {
    const Tensor& mask = masks[0];
    if (mask.rank() > 2) return {};
    return {mask};
  }

  Variable call(const Variable& x, CallContext context) override {
    const std::int64_t batch = x.shape()[0], time = x.shape()[1];
    const auto all = keratin::detail::all_layers(&inner());
    const bool at_once =
        std::all_of(all.begin(), all.end(), [](const Layer* layer) { return by_sample(*layer); });
    if (at_once) {
      const Variable y = called(reshape(x, Shape{batch * time}.joined(rest(x.shape()))),
                                {.training = context.training});
      return reshape(y, Shape{batch, time}.joined(y.shape().slice(1, y.rank())));
    }
    if (time == 0) throw ShapeError(fmt::format("{}: input has no time steps", label()));
    std::vector<Variable> steps;
    for (std::int64_t t = 0; t < time; ++t) {
      CallContext told{.training = context.training};
      if (context.mask.defined() && context.mask.rank() == 2) {
        told.mask = slice(context.mask, {{}, {t, t + 1}}).reshaped({batch});
      }
      steps.push_back(
          called(reshape(slice(x, {{}, {t, t + 1}}), Shape{batch}.joined(rest(x.shape()))), told));
    }
    return stack(std::span<const Variable>(steps), {.axis = 1});
  }

 private:
  Layer& inner() const { return *options_.layer.layer(); }
  static Shape rest(const Shape& shape) { return shape.slice(2, shape.rank()); }
  static Spec step(const Spec& input) {
    return {Shape{input.shape[0]}.joined(rest(input.shape)), input.dtype, {}};
  }
  void require_one(std::size_t results) const {
    if (results == 1) return;
    throw ValueError(
        fmt::format("{}: {} gives {} results; expected one", label(), inner().label(), results));
  }
  Variable called(const Variable& x, const CallContext& context) const {
    const Variables y = options_.layer(x, context);
    require_one(static_cast<std::size_t>(y.count()));
    return y.get(0);
  }
};

}  // namespace

TimeDistributed::TimeDistributed(const TimeDistributedOptions& options)
    : LayerRef(std::make_shared<TimeDistributedLayer>(options)) {}

}  // namespace keratin::layers
