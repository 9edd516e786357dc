#include "nn/layers/concatenate.h"

#include "autograd/ops/broadcast_to.h"
#include "autograd/ops/concatenate.h"
#include "nn/layers/configured_layer.h"
#include "tensor/cast.h"
#include "tensor/compare.h"

namespace keratin::layers {
namespace {

class ConcatenateLayer final : public ConfiguredLayer<ConcatenateOptions> {
 public:
  explicit ConcatenateLayer(const ConcatenateOptions& options)
      : ConfiguredLayer("Concatenate", options) {
    set_supports_masking(true);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override { joined(inputs); }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{joined(inputs), common_dtype(inputs), {}}};
  }

  // Masks joined as the inputs are, over all axes but the last, where any element counts; without
  // a mask all count.
  std::vector<Tensor> compute_mask(const Variables& inputs,
                                   const std::vector<Tensor>& masks) override {
    std::vector<Tensor> rows;  // of each input's shape without the last axis
    for (std::size_t i = 0; i < masks.size(); ++i) {
      const Shape in = inputs.get(static_cast<std::int64_t>(i)).shape();
      const Shape without_last = in.slice(0, in.rank() - 1);
      Tensor mask = masks[i].defined() ? masks[i] : ones(without_last, boolean);
      if (mask.rank() == in.rank()) mask = any(mask, {.axis = -1});
      Shape wide = mask.shape();
      while (wide.rank() < without_last.rank()) wide.push_back(1);
      rows.push_back(broadcast_to(mask.reshaped(wide), without_last));
    }
    const std::int64_t rank = inputs.get(0).rank();
    const std::int64_t axis = normalized_axis(label().c_str(), options_.axis, rank);
    if (axis < rank - 1) {
      return {concatenate(std::span<const Tensor>(rows), {.axis = static_cast<int>(axis)})};
    }
    Tensor either = rows[0];
    for (std::size_t i = 1; i < rows.size(); ++i) either = logical_or(either, rows[i]);
    return {either};
  }

  Variables call_several(const Variables& inputs, CallContext) override {
    std::vector<Variable> xs;
    std::vector<Spec> specs;
    for (const auto& [name, x] : inputs.entries()) specs.push_back(x.value().spec());
    const DType dtype = common_dtype(specs);
    for (const auto& [name, x] : inputs.entries()) {
      const bool as_it_is = x.dtype() == dtype || x.requires_grad();
      xs.push_back(as_it_is ? x : Variable(cast(x.value(), dtype), false));
    }
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
  // Of indices and numbers: float32, or float64 where there is any. Of indices the widest type.
  static DType common_dtype(const std::vector<Spec>& inputs) {
    DType common = inputs[0].dtype;
    for (const Spec& input : inputs) {
      const DType next = input.dtype;
      if (next == common || common == string || next == string)
        continue;  // an error if they differ
      if (is_floating(next) != is_floating(common)) {
        common = is_floating(next) ? next : common;
      } else {
        common = is_floating(next) ? float64 : int64;
      }
    }
    return common;
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
