#include "nn/layers/batch_normalization.h"

#include <numeric>

#include "autograd/ops/add.h"
#include "autograd/ops/batch_normalization.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/transpose.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class BatchNormalizationLayer final : public ConfiguredLayer<BatchNormalizationOptions> {
 public:
  explicit BatchNormalizationLayer(const BatchNormalizationOptions& options)
      : ConfiguredLayer("BatchNormalization", options) {}

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 2, "[batch, ..., channels]");
    const Shape& in = inputs[0].shape;
    const std::int64_t channels = in[normalized_axis(label().c_str(), options_.axis, in.rank())];
    if (channels == None || (built() && channels != moving_mean_.size())) {
      throw ShapeError(fmt::format("{}: input is {}; axis {} must be {}", label(), inputs[0].text(),
                                   options_.axis,
                                   built() ? std::to_string(moving_mean_.size()) : "known"));
    }
  }

  void build(const Shape& input) override {
    const Shape shape{input[options_.axis]};
    if (options_.scale) {
      gamma_ = add_weight({.shape = shape,
                           .initializer = options_.gamma_initializer,
                           .regularizer = options_.gamma_regularizer,
                           .constraint = options_.gamma_constraint,
                           .name = "gamma"});
    }
    if (options_.center) {
      beta_ = add_weight({.shape = shape,
                          .initializer = options_.beta_initializer,
                          .regularizer = options_.beta_regularizer,
                          .constraint = options_.beta_constraint,
                          .name = "beta"});
    }
    moving_mean_ = add_weight({.shape = shape,
                               .initializer = options_.moving_mean_initializer,
                               .trainable = false,
                               .name = "moving_mean"});
    moving_variance_ = add_weight({.shape = shape,
                                   .initializer = options_.moving_variance_initializer,
                                   .trainable = false,
                                   .name = "moving_variance"});
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }

  Variable call(const Variable& input, CallContext context) override {
    const Variable x = as_floating(input);
    const auto axis = static_cast<int>(normalized_axis("axis", options_.axis, x.rank()));
    if (axis == x.rank() - 1) return normalized(x, context);
    std::vector<int> swapped(static_cast<std::size_t>(x.rank()));  // the two axes; its own inverse
    std::iota(swapped.begin(), swapped.end(), 0);
    std::swap(swapped[static_cast<std::size_t>(axis)], swapped.back());
    return transpose(normalized(transpose(x, {.axes = swapped}), context), {.axes = swapped});
  }

 private:
  Variable normalized(const Variable& x, const CallContext& context) {  // channels last
    if (!context.training.value_or(false) || !trainable()) {
      return batch_normalization(x, gamma_, beta_, options_.epsilon, moving_mean_.value(),
                                 moving_variance_.value());
    }
    BatchMoments batch;
    const Variable y = batch_normalization(x, gamma_, beta_, options_.epsilon, batch);
    const double m = options_.momentum;
    moving_mean_.assign(moving_mean_.value() * m + batch.mean * (1 - m));
    moving_variance_.assign(moving_variance_.value() * m + batch.variance * (1 - m));
    return y;
  }

  Variable gamma_, beta_, moving_mean_, moving_variance_;
};

}  // namespace

BatchNormalization::BatchNormalization(const BatchNormalizationOptions& options)
    : LayerRef(std::make_shared<BatchNormalizationLayer>(options)) {}

}  // namespace keratin::layers
