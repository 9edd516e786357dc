#include "nn/layers/dense.h"

#include "autograd/ops/dense.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class DenseLayer final : public ConfiguredLayer<DenseOptions> {
 public:
  explicit DenseLayer(const DenseOptions& options) : ConfiguredLayer("Dense", options) {
    if (options.units < 1) {
      throw ValueError(fmt::format("Dense: units is {}; expected at least 1", options.units));
    }
    set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 2, "[batch, ..., features]");
    require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[0] : None);
  }

  void build(const Shape& input) override {
    kernel_ = add_kernel({input.back(), options_.units});
    bias_ = add_bias(options_.units);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({inputs[0].shape.with(-1, options_.units), inputs[0].dtype, {}})};
  }

  Variable call(const Variable& x, CallContext) override {
    const auto fused = options_.activation.name() == "relu" ? kernels::Activation::relu
                                                            : kernels::Activation::linear;
    const Variable y = dense(as_floating(x), kernel_, bias_, {.activation = fused});
    return fused == kernels::Activation::relu ? y : options_.activation(y);
  }

 private:
  Variable kernel_, bias_;
};

}  // namespace

Dense::Dense(const DenseOptions& options) : LayerRef(std::make_shared<DenseLayer>(options)) {}

}  // namespace keratin::layers
