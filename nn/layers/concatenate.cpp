#include "nn/layers/concatenate.h"

#include "autograd/ops/concatenate.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

class ConcatenateLayer final : public ConfiguredLayer<ConcatenateOptions> {
 public:
  explicit ConcatenateLayer(const ConcatenateOptions& options)
      : ConfiguredLayer("Concatenate", options) {}

  void check_inputs(const std::vector<Spec>& inputs) const override { joined(inputs); }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{joined(inputs), inputs[0].dtype, {}}};
  }

  Variables call_several(const Variables& inputs, CallContext) override {
    std::vector<Variable> xs;
    for (const auto& [name, x] : inputs.entries()) xs.push_back(x);
    return concatenate(std::span<const Variable>(xs), {.axis = options_.axis});
  }

 private:
  Shape joined(const std::vector<Spec>& inputs) const {
    if (inputs.empty()) throw ValueError(fmt::format("{}: called without inputs", label()));
    Shape all = inputs[0].shape;
    const std::int64_t axis = normalized_axis(label().c_str(), options_.axis, all.rank());
    if (axis == 0) {
      throw ValueError(
          fmt::format("{}: axis {} is the batch's; choose another", label(), options_.axis));
    }
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      const Shape& next = inputs[i].shape;
      if (next.rank() != all.rank()) refuse(inputs);
      for (std::int64_t k = 0; k < all.rank(); ++k) {
        if (k == axis) continue;
        if (all[k] == None) all = all.with(k, next[k]);
        if (next[k] != None && next[k] != all[k]) refuse(inputs);
      }
      const bool known = all[axis] != None && next[axis] != None;
      all = all.with(axis, known ? all[axis] + next[axis] : None);
    }
    return all;
  }
  [[noreturn]] void refuse(const std::vector<Spec>& inputs) const {
    std::string shapes;
    for (const Spec& input : inputs) shapes += (shapes.empty() ? "" : ", ") + input.text();
    throw ShapeError(fmt::format("{}: inputs are {}; they may differ in axis {} only", label(),
                                 shapes, options_.axis));
  }
};

}  // namespace

Concatenate::Concatenate(const ConcatenateOptions& options)
    : LayerRef(std::make_shared<ConcatenateLayer>(options)) {}

}  // namespace keratin::layers
