#include "nn/layers/p_re_lu.h"

#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/relu.h"
#include "autograd/ops/subtract.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class PReLULayer final : public ConfiguredLayer<PReLUOptions> {
 public:
  explicit PReLULayer(const PReLUOptions& options) : ConfiguredLayer("PReLU", options) {
    for (const int axis : options.shared_axes) {
      if (axis >= 1) continue;
      throw ValueError(
          fmt::format("PReLU: shared_axes has {}; axes of a sample count from 1", axis));
    }
    set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 2, "[batch, ...]");
    const Shape slopes = slopes_for(inputs[0]);
    if (slopes.is_known() && (!alpha_.defined() || alpha_.shape() == slopes)) return;
    throw ShapeError(
        fmt::format("{}: input is {}; its sizes but for the batch and shared axes "
                    "must be {}",
                    label(), inputs[0].text(), alpha_.defined() ? alpha_.shape().text() : "known"));
  }

  void build(const Shape& input) override {
    alpha_ = add_weight({.shape = slopes_for({input, compute_dtype(), {}}),
                         .initializer = options_.alpha_initializer,
                         .regularizer = options_.alpha_regularizer,
                         .constraint = options_.alpha_constraint,
                         .name = "alpha"});
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }

  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    return relu(x) - alpha_ * relu(-x);
  }

 private:
  Shape slopes_for(const Spec& input) const {
    Shape slopes = input.shape.slice(1, input.shape.rank());
    for (const int axis : options_.shared_axes) {
      if (axis > slopes.rank()) {
        throw ShapeError(
            fmt::format("{}: shared_axes has {}; the input is {}", label(), axis, input.text()));
      }
      slopes = slopes.with(axis - 1, 1);
    }
    return slopes;
  }

  Variable alpha_;
};

}  // namespace

PReLU::PReLU(const PReLUOptions& options) : LayerRef(std::make_shared<PReLULayer>(options)) {}

}  // namespace keratin::layers
