#include "nn/layers/group_normalization.h"

#include "autograd/ops/add.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class GroupNormalizationLayer final : public ConfiguredLayer<GroupNormalizationOptions> {
 public:
  explicit GroupNormalizationLayer(const GroupNormalizationOptions& options)
      : ConfiguredLayer("GroupNormalization", options) {
    if (options.groups < 1 && options.groups != -1) {
      throw ValueError(fmt::format(
          "GroupNormalization: groups is {}; expected at least 1, or -1 for as many as channels",
          options.groups));
    }
    set_supports_masking(true);
    set_autocast(false);  // float32 inputs are not rounded first, as in Keras
    set_computes_in_float32(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 2, "[batch, ..., channels]");
    const Shape& in = inputs[0].shape;
    const std::int64_t axis = normalized_axis(label().c_str(), options_.axis, in.rank());
    const std::int64_t channels = in[axis];
    if (axis == 0 || channels == None || (built() && channels != channels_)) {
      throw ShapeError(fmt::format("{}: input is {}; axis {} must be {}", label(), inputs[0].text(),
                                   options_.axis,
                                   built()     ? std::to_string(channels_)
                                   : axis == 0 ? "another than the batch"
                                               : "known"));
    }
    if (options_.groups > 0 && channels % options_.groups != 0) {
      throw ShapeError(
          fmt::format("{}: input is {}; its {} channels must be a multiple of groups, {}", label(),
                      inputs[0].text(), channels, options_.groups));
    }
  }

  void build(const Shape& input) override {
    channels_ = input[options_.axis];
    if (options_.scale) {
      gamma_ = add_weight({.shape = {channels_},
                           .initializer = options_.gamma_initializer,
                           .regularizer = options_.gamma_regularizer,
                           .constraint = options_.gamma_constraint,
                           .name = "gamma"});
    }
    if (options_.center) {
      beta_ = add_weight({.shape = {channels_},
                          .initializer = options_.beta_initializer,
                          .regularizer = options_.beta_regularizer,
                          .constraint = options_.beta_constraint,
                          .name = "beta"});
    }
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }

  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    const std::int64_t axis = normalized_axis("axis", options_.axis, x.rank());
    const std::int64_t groups = options_.groups == -1 ? channels_ : options_.groups;
    // The channels' axis becomes two: [batch, ..., groups, channels / groups, ...].
    Shape split, weights;
    std::vector<int> over;
    for (std::int64_t i = 0; i < x.rank(); ++i) {
      if (i == axis) {
        split.push_back(groups);
        weights.push_back(groups);
      }
      if (i > 0) over.push_back(static_cast<int>(split.rank()));
      split.push_back(i == axis ? channels_ / groups : x.shape()[i]);
      weights.push_back(i == axis ? channels_ / groups : 1);
    }
    const ReduceOptions options{.axis = Axes(over), .keepdims = true};
    const Variable grouped = reshape(x, split);
    const Variable centered = grouped - mean(grouped, options);
    Variable y = centered * rsqrt(mean(square(centered), options) + options_.epsilon);
    if (gamma_.defined()) y = y * reshape(gamma_, weights);
    if (beta_.defined()) y = y + reshape(beta_, weights);
    return reshape(y, x.shape());
  }

 private:
  std::int64_t channels_ = 0;
  Variable gamma_, beta_;
};

}  // namespace

GroupNormalization::GroupNormalization(const GroupNormalizationOptions& options)
    : LayerRef(std::make_shared<GroupNormalizationLayer>(options)) {}

}  // namespace keratin::layers
