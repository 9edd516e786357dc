// The rows of Model::summary(); nn/inspect/summary.h lays them out.
#include "nn/inspect/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nn/layers/input_layer.h"
#include "nn/model/model.h"
#include "nn/model/model_layer.h"

namespace keratin {
namespace {

using detail::Graph;
using detail::ModelLayer;
using detail::ParamTotal;
using detail::Summary;
using detail::SummaryRow;

std::vector<Shape> shapes_of(const std::vector<Spec>& specs) {
  std::vector<Shape> shapes;
  for (const Spec& spec : specs) shapes.push_back(spec.shape);
  return shapes;
}

// Where the inputs of a layer come from: "dense[0][0]". Inputs of a nested model's graph have none.
std::string connections(const Graph& graph, const Layer* layer) {
  std::string text;
  for (const detail::GraphNode* call : graph.calls_of(layer)) {
    for (const auto& [name, input] : call->inputs.entries()) {
      text += fmt::format("{}{}[{}][{}]", text.empty() ? "" : ", ", input.node()->layer->name(),
                          input.node()->index, input.index());
    }
  }
  return text.empty() ? "-" : text;
}

class Rows {
 public:
  explicit Rows(const SummaryOptions& options) : options_(options) {}

  void add(const ModelLayer& model, std::int64_t nesting) {
    const Graph* const graph = model.graph() ? &*model.graph() : nullptr;
    for (const LayerRef& layer : model.listed_layers()) add_layer(*layer.layer(), graph, nesting);
  }

  std::vector<SummaryRow> rows;

 private:
  void add_layer(Layer& layer, const Graph* graph, std::int64_t nesting) {
    SummaryRow row{.name = layer.name(), .class_name = layer.class_name(), .nesting = nesting};
    auto* const inner = dynamic_cast<ModelLayer*>(&layer);
    if (graph != nullptr) {
      const auto calls = graph->calls_of(&layer);
      if (!calls.empty())
        row.output_shape = detail::output_shape_text(shapes_of(calls[0]->outputs));
      row.connected_to = connections(*graph, &layer);
    } else if (!layer.last_outputs().empty()) {
      row.output_shape = detail::output_shape_text(shapes_of(layer.last_outputs()));
    }
    const std::vector<Variable> weights = LayerRef(layer.shared_from_this()).weights();
    if (layer.built()) {
      row.params = 0;
      for (const Variable& weight : weights) *row.params += weight.size();
    }
    if (!weights.empty()) row.trainable = layer.trainable();
    rows.push_back(std::move(row));
    if (inner != nullptr && options_.expand_nested) add(*inner, nesting + 1);
  }

  const SummaryOptions& options_;
};

ParamTotal total_of(const std::vector<Variable>& variables) {
  ParamTotal total;
  for (const Variable& variable : variables) {
    total.count += variable.size();
    total.bytes += variable.value().bytes();
  }
  return total;
}

}  // namespace

void Model::summary() const { summary(SummaryOptions{}); }

void Model::summary(const SummaryOptions& options) const {
  const ModelLayer& model = state();
  Rows rows(options);
  rows.add(model, 0);
  Summary summary{.model_name = name(),
                  .rows = std::move(rows.rows),
                  .connections = model.graph() && !model.graph()->is_chain(),
                  .trainable = total_of(trainable_variables()),
                  .non_trainable = total_of(non_trainable_variables())};
  if (model.compiled != nullptr) {
    const std::vector<Spec> specs = model.compiled->optimizer.state_specs();
    ParamTotal total;
    for (const Spec& spec : specs) {
      total.count += spec.shape.size();
      total.bytes += spec.shape.size() * static_cast<std::int64_t>(size_of(spec.dtype));
    }
    if (!specs.empty()) summary.optimizer = total;
  }
  detail::print_summary(summary, options);
}

}  // namespace keratin
