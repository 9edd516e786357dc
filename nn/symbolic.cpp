#include "nn/symbolic.h"

#include <fmt/format.h>

#include "nn/layer.h"
#include "nn/layers/input_layer.h"

namespace keratin {

const Shape& SymbolicTensor::shape() const {
  if (impl_ == nullptr) throw ValueError("symbolic tensor: was never set");
  return impl_->spec.shape;
}
DType SymbolicTensor::dtype() const {
  if (impl_ == nullptr) throw ValueError("symbolic tensor: was never set");
  return impl_->spec.dtype;
}
const std::shared_ptr<detail::GraphNode>& SymbolicTensor::node() const {
  if (impl_ == nullptr) throw ValueError("symbolic tensor: was never set");
  return impl_->node;
}
std::int64_t SymbolicTensor::index() const { return impl_->index; }

SymbolicTensor Input(const InputOptions& options) {
  if (options.shape.is_set() == options.batch_shape.is_set()) {
    throw ValueError("Input: give either shape (without the batch axis) or batch_shape (with it)");
  }
  if (options.optional) {
    throw ValueError(
        "Input: optional inputs are not supported; leave the input out of the model, or feed "
        "zeros");
  }
  Shape shape = options.batch_shape;
  if (options.shape.is_set())
    shape = Shape{options.batch_size.value_or(None)}.joined(options.shape);
  for (const std::int64_t size : shape) {
    if (size < 0 && size != None) {
      throw ValueError(fmt::format(
          "Input: shape {} has a negative size; use None where it is not known", shape.text()));
    }
  }
  const auto layer =
      std::make_shared<layers::InputLayerImpl>(Spec{shape, options.dtype, {}}, options.name);
  return detail::call_symbolically(layer, {});
}

namespace detail {

GraphNode::~GraphNode() {
  thread_local std::vector<SymbolicTensors>* waiting = nullptr;  // of the outermost destructor
  if (waiting != nullptr) {
    waiting->push_back(std::move(inputs));
    return;
  }
  std::vector<SymbolicTensors> rest;
  rest.push_back(std::move(inputs));
  waiting = &rest;
  while (!rest.empty()) {
    const SymbolicTensors last = std::move(rest.back());
    rest.pop_back();
  }
  waiting = nullptr;
}

SymbolicTensors call_symbolically(const std::shared_ptr<Layer>& layer,
                                  const SymbolicTensors& inputs, std::optional<bool> training) {
  std::vector<Spec> specs;
  for (const auto& [name, tensor] : inputs.entries()) {
    if (!tensor.defined())
      throw ValueError(
          fmt::format("{}: called on a symbolic tensor that was never set", layer->label()));
    specs.push_back(tensor.spec());
  }
  layer->check_inputs(specs);
  layer->ensure_built(specs);
  auto node = std::make_shared<GraphNode>();
  node->layer = layer;
  node->inputs = inputs;
  node->training = training;
  node->outputs = layer->output_specs(layer->autocast_specs(specs));
  node->index = layer->next_node_index();
  std::vector<SymbolicTensor> outputs;
  for (const Spec& spec : node->outputs) {
    auto impl = std::make_shared<SymbolicImpl>();
    impl->spec = spec;
    impl->node = node;
    impl->index = static_cast<std::int64_t>(outputs.size());
    outputs.emplace_back(std::move(impl));
  }
  if (const std::vector<std::string> names = layer->output_names(); !names.empty()) {
    Named<SymbolicTensor> by_name;
    for (std::size_t i = 0; i < names.size(); ++i) by_name[names[i]] = outputs[i];
    return SymbolicTensors(by_name);
  }
  if (outputs.size() == 1) return outputs[0];
  return SymbolicTensors(std::move(outputs));
}

}  // namespace detail
}  // namespace keratin
