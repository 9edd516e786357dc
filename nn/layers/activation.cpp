#include "nn/layers/activation.h"

#include "autograd/ops/where.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

// One input of any shape, of which a function makes one of the same shape.
template <class Options>
class SameShapeLayer : public ConfiguredLayer<Options> {
 public:
  SameShapeLayer(const char* class_name, const Options& options,
                 std::function<Variable(const Variable&)> f)
      : ConfiguredLayer<Options>(class_name, options), f_(std::move(f)) {
    this->set_supports_masking(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override { this->require_count(inputs); }
  Variable call(const Variable& x, CallContext) override { return f_(this->as_floating(x)); }
  keratin::detail::FusedPart fused_part() const override {
    if constexpr (std::same_as<Options, ActivationOptions>) {
      if (this->options_.activation.name() == "relu") return keratin::detail::FusedPart::relu;
    }
    return keratin::detail::FusedPart::none;
  }

 private:
  std::function<Variable(const Variable&)> f_;
};

class SoftmaxLayer final : public SameShapeLayer<SoftmaxOptions> {
 public:
  explicit SoftmaxLayer(const SoftmaxOptions& options)
      : SameShapeLayer("Softmax", options, [axis = options.axis](const Variable& x) {
          return activations::softmax(x, axis);
        }) {}
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 1, "[batch, ...]");
    normalized_axis(label().c_str(), options_.axis, inputs[0].shape.rank());
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }
  Variable call(const Variable& x, CallContext context) override {
    // A mask of [batch, time] beside scores of [batch, time, classes] says nothing of the classes.
    if (!context.mask.defined() || context.mask.rank() != x.rank()) {
      return SameShapeLayer::call(x, std::move(context));
    }
    constexpr double kLow = -1e9;
    const Variable scores = where(context.mask, as_floating(x), kLow);
    return where(context.mask, activations::softmax(scores, options_.axis), 0.0);
  }
};

// An element becomes one.
template <class Options>
class PointwiseLayer final : public SameShapeLayer<Options> {
 public:
  using SameShapeLayer<Options>::SameShapeLayer;
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {this->floating_spec(inputs[0])};
  }
};

std::shared_ptr<Layer> leaky_relu(const LeakyReLUOptions& options) {
  if (!(options.negative_slope >= 0)) {
    throw ValueError(fmt::format("LeakyReLU: negative_slope is {}; it may not be negative",
                                 options.negative_slope));
  }
  return std::make_shared<PointwiseLayer<LeakyReLUOptions>>(
      "LeakyReLU", options, [slope = options.negative_slope](const Variable& x) {
        return activations::leaky_relu(x, slope);
      });
}

std::shared_ptr<Layer> elu(const ELUOptions& options) {
  return std::make_shared<PointwiseLayer<ELUOptions>>(
      "ELU", options,
      [alpha = options.alpha](const Variable& x) { return activations::elu(x, alpha); });
}

class ReLULayer final : public SameShapeLayer<ReLUOptions> {
 public:
  explicit ReLULayer(const ReLUOptions& options)
      : SameShapeLayer("ReLU", options, [options](const Variable& x) {
          return activations::relu(x, {.negative_slope = options.negative_slope,
                                       .max_value = options.max_value,
                                       .threshold = options.threshold});
        }) {
    if (options.max_value.value_or(0) < 0 || options.negative_slope < 0 || options.threshold < 0) {
      throw ValueError(
          fmt::format("ReLU: max_value {}, negative_slope {}, threshold {}; none may be negative",
                      options.max_value ? fmt::to_string(*options.max_value) : "none",
                      options.negative_slope, options.threshold));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }
  keratin::detail::FusedPart fused_part() const override {
    const bool plain =
        !options_.max_value && options_.negative_slope == 0 && options_.threshold == 0;
    return plain ? keratin::detail::FusedPart::relu : keratin::detail::FusedPart::none;
  }
};

}  // namespace

// Its shape is found by a dry run: an activation of one's own may change it (glu halves an axis).
Activation::Activation(const ActivationOptions& options)
    : LayerRef(std::make_shared<SameShapeLayer<ActivationOptions>>("Activation", options,
                                                                   options.activation)) {}

ReLU::ReLU(const ReLUOptions& options) : LayerRef(std::make_shared<ReLULayer>(options)) {}

LeakyReLU::LeakyReLU(const LeakyReLUOptions& options) : LayerRef(leaky_relu(options)) {}

ELU::ELU(const ELUOptions& options) : LayerRef(elu(options)) {}

Softmax::Softmax(const SoftmaxOptions& options)
    : LayerRef(std::make_shared<SoftmaxLayer>(options)) {}

}  // namespace keratin::layers
