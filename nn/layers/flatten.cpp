#include "nn/layers/flatten.h"

#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"
#include "nn/options.h"

namespace keratin::layers {
namespace {

class FlattenLayer final : public ConfiguredLayer<FlattenOptions> {
 public:
  explicit FlattenLayer(const FlattenOptions& options) : ConfiguredLayer("Flatten", options) {
    require_channels_last("Flatten", options.data_format);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 1, "[batch, ...]");
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    const Shape rest = in.slice(1, in.rank());
    return {{{in[0], rest.is_known() ? rest.size() : None}, inputs[0].dtype, {}}};
  }

  Variable call(const Variable& x, CallContext) override {
    const Shape& in = x.shape();
    return reshape(x, {in[0], in.slice(1, in.rank()).size()});
  }
};

}  // namespace

Flatten::Flatten(const FlattenOptions& options)
    : LayerRef(std::make_shared<FlattenLayer>(options)) {}

}  // namespace keratin::layers
