#include "nn/saving/onnx/export_onnx.h"

#include <fmt/format.h>

#include "data/atomic_file.h"
#include "nn/saving/onnx/map_model.h"

namespace keratin {

void export_onnx(const Model& model, const std::string& path) {
  using namespace saving::onnx;
  if (!path.ends_with(".onnx")) {
    throw ValueError(fmt::format("export_onnx: {}: the name must end with \".onnx\"",
                                 path.empty() ? "\"\"" : path));
  }
  auto& layer = static_cast<detail::ModelLayer&>(*model.layer());
  const detail::Graph& graph = graph_of(layer);
  Builder to;
  std::vector<Value> inputs;
  const std::vector<std::string> input_names = graph.input_names();
  for (std::size_t i = 0; i < input_names.size(); ++i) {
    const SymbolicTensor& input = graph.inputs().get(static_cast<std::int64_t>(i));
    inputs.push_back(to.input(input_names[i], input.spec()));
  }
  std::vector<std::string> output_names;
  for (const std::string& name : graph.output_names()) output_names.push_back(to.unique(name));
  const std::vector<Value> outputs = map_model(to, layer, inputs, "", false);
  for (std::size_t i = 0; i < outputs.size(); ++i) to.output(output_names[i], outputs[i]);
  data::write_file("export_onnx", path, encode(to.finish(model.name())));
}

}  // namespace keratin
