#include "nn/layers/batch_normalization.h"

#include <numeric>

#include "autograd/ops/add.h"
#include "autograd/ops/batch_normalization.h"
#include "autograd/ops/broadcast_to.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/transpose.h"
#include "autograd/ops/where.h"
#include "autograd/tape.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class BatchNormalizationLayer final : public ConfiguredLayer<BatchNormalizationOptions> {
 public:
  explicit BatchNormalizationLayer(const BatchNormalizationOptions& options)
      : ConfiguredLayer("BatchNormalization", options) {
    set_supports_masking(true);
  }

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
  keratin::detail::FusedPart fused_part() const override {
    return keratin::detail::FusedPart::batch_normalization;
  }

  // In float32, whatever comes: weights are read as they are, and of bfloat16 the operation itself
  // rounds what it gives.
  Variable call(const Variable& input, CallContext context) override {
    const detail::AutocastScope in_float32(std::nullopt);
    const Variable x = as_floating(input);
    if (context.mask.defined() && context.training.value_or(false) && trainable()) {
      if (x.dtype() != bfloat16) return masked(x, context.mask);
      return cast(masked(cast(x, float32), context.mask), bfloat16);
    }
    const auto axis = static_cast<int>(normalized_axis("axis", options_.axis, x.rank()));
    if (axis == x.rank() - 1) {
      keratin::detail::FusedRelu* const fused = keratin::detail::FusedRelu::to(*this);
      const bool relu = fused != nullptr && !context.mask.defined() && fused->take(x);
      return relu ? normalized(x, context, fused) : normalized(x, context);
    }
    std::vector<int> swapped(static_cast<std::size_t>(x.rank()));  // the two axes; its own inverse
    std::iota(swapped.begin(), swapped.end(), 0);
    std::swap(swapped[static_cast<std::size_t>(axis)], swapped.back());
    return transpose(normalized(transpose(x, {.axes = swapped}), context), {.axes = swapped});
  }

 private:
  // Channels last; with relu of the result, and what is added before it, where `fused` is given.
  Variable normalized(const Variable& x, const CallContext& context,
                      const keratin::detail::FusedRelu* fused = nullptr) {
    const double epsilon = options_.epsilon;
    if (!context.training.value_or(false) || !trainable()) {
      const Tensor &mean = moving_mean_.value(), &variance = moving_variance_.value();
      return fused == nullptr ? batch_normalization(x, gamma_, beta_, epsilon, mean, variance)
                              : batch_normalization_relu(x, gamma_, beta_, fused->residual(),
                                                         epsilon, mean, variance);
    }
    BatchMoments batch;
    const Variable y = fused == nullptr ? batch_normalization(x, gamma_, beta_, epsilon, batch)
                                        : batch_normalization_relu(
                                              x, gamma_, beta_, fused->residual(), epsilon, batch);
    remember(batch.mean, batch.variance);
    return y;
  }

  // The moments of what the mask [batch, ...] counts, for all axes but the last of the input.
  //   mean = sum of counted x / (n + 1e-7),  variance = sum of counted (x - mean)^2 / (n + 1e-7)
  Variable masked(const Variable& x, const Tensor& mask) {
    if (mask.rank() != x.rank() - 1) {
      throw ShapeError(
          fmt::format("{}: the mask is {}, the input {}; expected one axis less than the input",
                      label(), mask.spec().text(), x.value().spec().text()));
    }
    const std::int64_t axis = normalized_axis("axis", options_.axis, x.rank());
    ReduceOptions over{.keepdims = true};
    std::vector<int> others;
    for (int i = 0; i < x.rank(); ++i) {
      if (i != axis) others.push_back(i);
    }
    over.axis = Axes(others);
    const Tensor counts = broadcast_to(mask.reshaped(mask.shape().joined({1})), x.shape());
    const Tensor n = sum(cast(counts, x.dtype()), over) + 1e-7;
    const Variable mean = sum(where(counts, x, 0.0), over) / n;
    const Variable variance = sum(square(where(counts, x - mean, 0.0)), over) / n;
    remember(mean.value().reshaped(moving_mean_.shape()),
             variance.value().reshaped(moving_mean_.shape()));
    Shape along(std::vector<std::int64_t>(static_cast<std::size_t>(x.rank()), 1));
    along = along.with(axis, moving_mean_.size());
    Variable y = (x - mean) * rsqrt(variance + options_.epsilon);
    if (gamma_.defined()) y = y * reshape(gamma_, along);
    return beta_.defined() ? y + reshape(beta_, along) : y;
  }

  void remember(const Tensor& mean, const Tensor& variance) {
    const double m = options_.momentum;
    moving_mean_.assign(moving_mean_.value() * m + mean * (1 - m));
    moving_variance_.assign(moving_variance_.value() * m + variance * (1 - m));
  }

  Variable gamma_, beta_, moving_mean_, moving_variance_;
};

}  // namespace

BatchNormalization::BatchNormalization(const BatchNormalizationOptions& options)
    : LayerRef(std::make_shared<BatchNormalizationLayer>(options)) {}

}  // namespace keratin::layers
