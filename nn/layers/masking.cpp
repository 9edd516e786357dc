#include "nn/layers/masking.h"

#include "autograd/ops/where.h"
#include "nn/layers/configured_layer.h"
#include "nn/mask.h"
#include "tensor/compare.h"

namespace keratin::layers {
namespace {

class MaskingLayer final : public ConfiguredLayer<MaskingOptions> {
 public:
  explicit MaskingLayer(const MaskingOptions& options) : ConfiguredLayer("Masking", options) {
    set_supports_masking(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 2, "[batch, ..., features]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }
  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    const Tensor counts =  // [batch, ..., 1]
        any(not_equal(x.value(), options_.mask_value), {.axis = -1, .keepdims = true});
    const Variable y = where(counts, x, 0.0);
    detail::attach_mask(y, counts.reshaped(counts.shape().slice(0, counts.rank() - 1)));
    return y;
  }
};

}  // namespace

Masking::Masking(const MaskingOptions& options)
    : LayerRef(std::make_shared<MaskingLayer>(options)) {}

}  // namespace keratin::layers
