#include "nn/layers/lambda.h"

#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class LambdaLayer final : public ConfiguredLayer<LambdaOptions> {
 public:
  explicit LambdaLayer(const LambdaOptions& options) : ConfiguredLayer("Lambda", options) {
    if (!options.function) throw ValueError("Lambda: function is missing");
    set_supports_masking(static_cast<bool>(options.mask));
  }
  void check_inputs(const std::vector<Spec>& inputs) const override { require_count(inputs); }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    if (!options_.output_shape.is_set()) return Layer::output_specs(inputs);
    return {floating_spec(
        {Shape{inputs[0].shape[0]}.joined(options_.output_shape), inputs[0].dtype, {}})};
  }
  std::vector<Tensor> compute_mask(const Variables& inputs,
                                   const std::vector<Tensor>& masks) override {
    return options_.mask ? std::vector{options_.mask(inputs.get(0), masks[0])}
                         : Layer::compute_mask(inputs, masks);
  }
  Variable call(const Variable& x, CallContext) override {
    const Variable y = options_.function(x);
    if (!y.defined()) throw ValueError(fmt::format("{}: the function gave nothing", label()));
    if (options_.output_shape.is_set()) {
      const Shape sample = y.rank() == 0 ? Shape{} : y.shape().slice(1, y.rank());
      bool same = sample.rank() == options_.output_shape.rank();
      for (std::int64_t i = 0; same && i < sample.rank(); ++i) {
        same = options_.output_shape[i] == None || options_.output_shape[i] == sample[i];
      }
      if (!same) {
        throw ShapeError(fmt::format("{}: the function gave {}; output_shape is {} a sample",
                                     label(), y.value().spec().text(),
                                     options_.output_shape.text()));
      }
    }
    return y;
  }
};

}  // namespace

void LambdaOptions::fields(Fields&) {
  throw ValueError(fmt::format(
      "save: Lambda{}: its function is the program's own, and no file can hold it; derive a class "
      "from Layer and register it with register_layer",
      name.empty() ? "" : " \"" + name + "\""));
}

Lambda::Lambda(const LambdaOptions& options) : LayerRef(std::make_shared<LambdaLayer>(options)) {}

}  // namespace keratin::layers
