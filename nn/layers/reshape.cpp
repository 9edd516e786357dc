#include "nn/layers/reshape.h"

#include <algorithm>

#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class ReshapeLayer final : public ConfiguredLayer<ReshapeOptions> {
 public:
  explicit ReshapeLayer(const ReshapeOptions& options) : ConfiguredLayer("Reshape", options) {
    const Shape& target = options.target_shape;
    if (!target.is_set()) throw ValueError("Reshape: target_shape is missing");
    const bool sizes_ok = std::all_of(target.begin(), target.end(), [](auto n) { return n >= -1; });
    if (!sizes_ok || std::count(target.begin(), target.end(), -1) > 1) {
      throw ValueError(
          fmt::format("Reshape: target_shape is {}; expected known sizes, at most one of them -1",
                      target.text()));
    }
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_min_rank(inputs, 1, "[batch, ...]");
    resolved(inputs[0]);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{Shape{inputs[0].shape[0]}.joined(resolved(inputs[0])), inputs[0].dtype, {}}};
  }

  Variable call(const Variable& x, CallContext) override {
    return reshape(x, Shape{x.shape()[0]}.joined(resolved(x.value().spec())));
  }

 private:
  // The target with its -1 computed; None there where the input's sizes are not known.
  Shape resolved(const Spec& input) const {
    const Shape rest = input.shape.slice(1, input.shape.rank());
    Shape target = options_.target_shape;
    std::int64_t given = 1, open = -1;
    for (std::int64_t axis = 0; axis < target.rank(); ++axis) {
      if (target[axis] == -1) {
        open = axis;
      } else {
        given *= target[axis];
      }
    }
    if (!rest.is_known()) return open < 0 ? target : target.with(open, None);
    if (open >= 0 && given > 0) target = target.with(open, rest.size() / given);
    if ((open >= 0 && given == 0) || target.size() != rest.size()) {
      throw ShapeError(fmt::format(
          "{}: input {} has {} elements a sample, target_shape {} does not; their products must "
          "be the same",
          label(), input.text(), rest.size(), options_.target_shape.text()));
    }
    return target;
  }
};

}  // namespace

Reshape::Reshape(const ReshapeOptions& options)
    : LayerRef(std::make_shared<ReshapeLayer>(options)) {}

}  // namespace keratin::layers
