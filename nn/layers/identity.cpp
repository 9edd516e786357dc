#include "nn/layers/identity.h"

#include <algorithm>

#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

template <class Options>
class PassingLayer : public ConfiguredLayer<Options> {
 public:
  PassingLayer(const char* class_name, const Options& options)
      : ConfiguredLayer<Options>(class_name, options) {
    this->set_supports_masking(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override { this->require_count(inputs); }
  Variable call(const Variable& x, CallContext) override { return x; }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override { return inputs; }
};

class ActivityRegularizationLayer final : public PassingLayer<ActivityRegularizationOptions> {
 public:
  explicit ActivityRegularizationLayer(const ActivityRegularizationOptions& options)
      : PassingLayer("ActivityRegularization", options) {
    if (!(std::min(options.l1, options.l2) >= 0)) {
      throw ValueError(fmt::format("ActivityRegularization: l1 is {}, l2 {}; none may be negative",
                                   options.l1, options.l2));
    }
    set_activity_regularizer(regularizers::L1L2(options.l1, options.l2));
  }
};

}  // namespace

Identity::Identity(const IdentityOptions& options)
    : LayerRef(std::make_shared<PassingLayer<IdentityOptions>>("Identity", options)) {}
ActivityRegularization::ActivityRegularization(const ActivityRegularizationOptions& options)
    : LayerRef(std::make_shared<ActivityRegularizationLayer>(options)) {}

}  // namespace keratin::layers
