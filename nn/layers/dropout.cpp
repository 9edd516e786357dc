#include "nn/layers/dropout.h"

#include "autograd/ops/dropout.h"
#include "autograd/ops/multiply.h"
#include "nn/layers/configured_layer.h"
#include "nn/seed_generator.h"

namespace keratin::layers {
namespace {

class DropoutLayer final : public ConfiguredLayer<DropoutOptions> {
 public:
  explicit DropoutLayer(const DropoutOptions& options)
      : ConfiguredLayer("Dropout", options), seeds_(options.seed) {
    if (!(options.rate >= 0 && options.rate <= 1)) {
      throw ValueError(fmt::format("Dropout: rate is {}; expected 0 to 1", options.rate));
    }
    set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    if (options_.noise_shape.is_set() && options_.noise_shape.rank() != inputs[0].shape.rank()) {
      throw ShapeError(fmt::format("{}: noise_shape is {}, the input {}; expected as many axes",
                                   label(), options_.noise_shape.text(), inputs[0].text()));
    }
  }
  SeedGenerator* seed_generator() override { return &seeds_; }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }

  Variable call(const Variable& input, CallContext context) override {
    const Variable x = as_floating(input);
    if (!context.training.value_or(false) || options_.rate == 0) return x;
    const RandomStream stream = seeds_.next_on(x.value().device());
    if (!options_.noise_shape.is_set()) return dropout(x, options_.rate, stream);
    Shape noise;
    for (std::int64_t axis = 0; axis < x.rank(); ++axis) {
      const std::int64_t size = options_.noise_shape[axis];
      noise.push_back(size == None ? x.shape()[axis] : size);
    }
    return x * dropout(ones(noise, x.dtype()).to(x.value().device()), options_.rate, stream);
  }

 private:
  SeedGenerator seeds_;
};

}  // namespace

Dropout::Dropout(const DropoutOptions& options)
    : LayerRef(std::make_shared<DropoutLayer>(options)) {}

}  // namespace keratin::layers
