#include "nn/layers/rescaling.h"

#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class RescalingLayer final : public ConfiguredLayer<RescalingOptions> {
 public:
  explicit RescalingLayer(const RescalingOptions& options) : ConfiguredLayer("Rescaling", options) {
    if (options.scale == 0) {
      throw ValueError("Rescaling: scale is missing, or 0, which would make all numbers the same");
    }
    set_supports_masking(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override { require_count(inputs); }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }
  Variable call(const Variable& x, CallContext) override {
    const Variable scaled = as_floating(x) * options_.scale;
    return options_.offset == 0 ? scaled : scaled + options_.offset;
  }
};

}  // namespace

Rescaling::Rescaling(const RescalingOptions& options)
    : LayerRef(std::make_shared<RescalingLayer>(options)) {}

}  // namespace keratin::layers
