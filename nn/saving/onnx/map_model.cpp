#include "nn/saving/onnx/map_model.h"

#include <fmt/format.h>

#include <unordered_map>

namespace keratin::saving::onnx {
namespace {

using keratin::detail::Graph;
using keratin::detail::GraphNode;
using keratin::detail::ModelLayer;
using keratin::detail::SymbolicImpl;

std::string within(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

// By name where both sides are, as models take their inputs.
std::vector<Value> in_order(const Graph& graph, const SymbolicTensors& given,
                            const std::vector<Value>& values) {
  if (!given.named()) return values;
  std::unordered_map<std::string, Value> by_name;
  for (std::int64_t i = 0; i < given.count(); ++i) {
    by_name[given.name(i)] = values[static_cast<std::size_t>(i)];
  }
  std::vector<Value> ordered;
  for (const std::string& name : graph.input_names()) ordered.push_back(by_name.at(name));
  return ordered;
}

}  // namespace

const Graph& graph_of(const ModelLayer& model) {
  if (model.kind() == ModelLayer::Kind::subclassed) {
    throw ValueError(fmt::format(
        "export_onnx: {} is of a class of the program's own, whose computation cannot be read; "
        "build it from Input and layers",
        model.label()));
  }
  if (!model.graph()) {
    throw ValueError(fmt::format(
        "export_onnx: {} has no weights yet; call it on a batch first, or begin it with an Input",
        model.label()));
  }
  return *model.graph();
}

std::vector<Value> map_model(Builder& to, ModelLayer& model, const std::vector<Value>& inputs,
                             const std::string& path, std::optional<bool> training) {
  const Graph& graph = graph_of(model);
  std::unordered_map<const SymbolicImpl*, Value> values;
  for (std::int64_t i = 0; i < graph.inputs().count(); ++i) {
    const SymbolicTensor& wanted = graph.inputs().get(i);
    const Value& given = inputs.at(static_cast<std::size_t>(i));
    if (given->spec.shape.rank() != wanted.shape().rank()) {
      throw ValueError(fmt::format(
          "export_onnx: {}: input {} is {} where the model says {}; give it as many axes, by a "
          "Reshape",
          model.label(), i, given->spec.text(), wanted.spec().text()));
    }
    values[wanted.id()] = to.cast(given, wanted.dtype());
  }
  std::unordered_map<const GraphNode*, std::vector<Value>> results;
  const auto value_of = [&](const SymbolicTensor& tensor) {
    if (const auto input = values.find(tensor.id()); input != values.end()) return input->second;
    return results.at(tensor.node().get()).at(static_cast<std::size_t>(tensor.index()));
  };
  for (const GraphNode* node : graph.calls()) {
    std::vector<Value> arguments;
    for (const auto& [name, input] : node->inputs.entries()) arguments.push_back(value_of(input));
    if (const auto* inner = dynamic_cast<const ModelLayer*>(node->layer.get())) {
      arguments = in_order(graph_of(*inner), node->inputs, arguments);
    }
    results[node] = map_layer(to, *node->layer, arguments, within(path, node->layer->name()),
                              node->training ? node->training : training);
  }
  std::vector<Value> outputs;
  for (const auto& [name, output] : graph.outputs().entries()) outputs.push_back(value_of(output));
  return outputs;
}

}  // namespace keratin::saving::onnx
