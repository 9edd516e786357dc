#include "nn/inspect/plot_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "data/atomic_file.h"
#include "nn/activations.h"
#include "nn/inspect/markup.h"
#include "nn/inspect/model_picture.h"
#include "nn/inspect/summary.h"
#include "nn/model/model_layer.h"
#include "nn/saving/json_fields.h"

namespace keratin {
namespace {

using detail::Graph;
using detail::GraphNode;
using detail::LayerBox;
using detail::ModelLayer;
using detail::ModelPicture;

// The option `activation` of a layer, of all that it has.
class ActivationOption final : public saving::JsonWriter {
 public:
  ActivationOption() : JsonWriter("") {}
  using JsonWriter::operator();
  void operator()(const char* name, Activation& value) override {
    if (std::string_view(name) != "activation") return;
    text = value.linear() ? "linear" : value.name().empty() ? "a function" : value.name();
  }
  void operator()(const char*, Initializer&) override {}
  void operator()(const char*, Regularizer&) override {}
  void operator()(const char*, Constraint&) override {}
  void operator()(const char*, LayerRef&) override {}
  std::string text;
};

std::string activation_of(Layer& layer) {
  ActivationOption option;
  try {
    layer.fields(option);
  } catch (const ValueError&) {  // a layer that no file can hold, such as Lambda
  }
  return option.text;
}

template <class Text>
std::string joined(const std::vector<Spec>& specs, const Text& text) {
  if (specs.size() == 1) return text(specs[0]);
  std::string all;
  for (const Spec& spec : specs) all += (all.empty() ? "" : ", ") + text(spec);
  return "[" + all + "]";
}
std::string shapes_text(const std::vector<Spec>& specs) {
  return joined(specs, [](const Spec& spec) { return spec.shape.tuple_text(); });
}
std::string dtypes_text(const std::vector<Spec>& specs) {
  return joined(specs, [](const Spec& spec) { return std::string(name_of(spec.dtype)); });
}

std::string inputs_text(const SymbolicTensors& inputs) {
  if (!inputs.named()) {
    std::vector<Spec> specs;
    for (const auto& [name, tensor] : inputs.entries()) specs.push_back(tensor.spec());
    return shapes_text(specs);
  }
  std::string all;
  for (const auto& [name, tensor] : inputs.entries()) {
    all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", name, tensor.shape().tuple_text());
  }
  return all;
}

// What all calls say, or "?".
template <class Text>
std::string of_all(const std::vector<const GraphNode*>& calls, const Text& text) {
  std::string result;
  for (const GraphNode* call : calls) {
    const std::string one = text(*call);
    if (!result.empty() && one != result) return "?";
    result = one;
  }
  return result.empty() ? "?" : result;
}

class Pictures {
 public:
  explicit Pictures(const PlotModelOptions& options) : options_(options) {}

  ModelPicture of(ModelLayer& model) const {
    ModelPicture picture{.name = model.name()};
    if (!model.graph()) {  // a class of one's own
      picture.boxes.push_back(box(model, nullptr));
      return picture;
    }
    const Graph& graph = *model.graph();
    std::unordered_map<const Layer*, std::size_t> place;
    for (const LayerRef& layer : model.listed_layers()) {
      place.emplace(layer.layer().get(), picture.boxes.size());
      picture.boxes.push_back(box(*layer.layer(), &graph));
    }
    const auto place_of = [&](const SymbolicTensor& tensor) {
      const auto found = place.find(tensor.node()->layer.get());
      return found == place.end() ? picture.boxes.size() : found->second;
    };
    for (const LayerRef& layer : model.listed_layers()) {
      for (const GraphNode* call : graph.calls_of(layer.layer().get())) {
        std::size_t input = 0;
        for (const auto& [name, tensor] : call->inputs.entries()) {
          const std::size_t from = place_of(tensor);
          if (from < picture.boxes.size()) {  // else a Sequential's Input
            picture.arrows.push_back({.from = from,
                                      .to = place.at(layer.layer().get()),
                                      .output = static_cast<std::size_t>(tensor.index()),
                                      .input = input});
          }
          ++input;
        }
      }
    }
    if (model.kind() == ModelLayer::Kind::sequential) {
      if (!picture.boxes.empty()) picture.inputs = {0};
    } else {
      for (const auto& [name, tensor] : graph.inputs().entries()) {
        picture.inputs.push_back(place_of(tensor));
      }
    }
    for (const auto& [name, tensor] : graph.outputs().entries()) {
      picture.outputs.emplace_back(place_of(tensor), static_cast<std::size_t>(tensor.index()));
    }
    return picture;
  }

 private:
  LayerBox box(Layer& layer, const Graph* graph) const {
    LayerBox box{.class_name = layer.class_name()};
    if (options_.show_layer_names) box.name = layer.name();
    if (options_.show_layer_activations) box.activation = activation_of(layer);
    std::vector<const GraphNode*> calls;
    if (graph != nullptr) calls = graph->calls_of(&layer);
    const auto fact = [&](const char* what, const auto& text_of_call, const std::string& else_) {
      box.facts.emplace_back(what, calls.empty() ? else_ : of_all(calls, text_of_call));
    };
    const std::vector<Spec>& last = layer.last_outputs();
    if (options_.show_shapes) {
      if (box.class_name != "InputLayer") {
        fact(
            "Input shape", [](const GraphNode& call) { return inputs_text(call.inputs); }, "?");
      }
      fact(
          "Output shape", [](const GraphNode& call) { return shapes_text(call.outputs); },
          last.empty() ? "?" : shapes_text(last));
    }
    if (options_.show_dtype) {
      fact(
          "Output dtype", [](const GraphNode& call) { return dtypes_text(call.outputs); },
          last.empty() ? "?" : dtypes_text(last));
    }
    if (options_.show_trainable && !LayerRef(layer.shared_from_this()).weights().empty()) {
      box.trainable = layer.trainable();
    }
    auto* const inner = dynamic_cast<ModelLayer*>(&layer);
    if (options_.expand_nested && graph != nullptr && inner != nullptr && inner->graph() &&
        !inner->listed_layers().empty()) {
      box.inner = std::make_shared<const ModelPicture>(of(*inner));
    }
    return box;
  }

  const PlotModelOptions& options_;
};

ModelPicture picture_of(const Model& model, const PlotModelOptions& options) {
  const std::vector<std::string> directions = {"TB", "LR", "BT", "RL"};
  if (std::find(directions.begin(), directions.end(), options.rankdir) == directions.end()) {
    throw ValueError(fmt::format("plot_model: unknown rankdir \"{}\"; expected one of {}",
                                 options.rankdir, "\"TB\", \"LR\", \"BT\", \"RL\""));
  }
  ModelLayer& layer = detail::model_state(model);
  if (!layer.built()) {
    throw ValueError(fmt::format(
        "plot_model: model \"{}\" is not built: its layers have no shapes yet. Call it on a batch "
        "first, or begin a Sequential with an Input.",
        model.name()));
  }
  return Pictures(options).of(layer);
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> detail::distinct_arrows(
    const ModelPicture& picture) {
  std::vector<std::pair<std::size_t, std::size_t>> arrows;
  for (const LayerArrow& arrow : picture.arrows) arrows.emplace_back(arrow.from, arrow.to);
  std::sort(arrows.begin(), arrows.end());
  arrows.erase(std::unique(arrows.begin(), arrows.end()), arrows.end());
  return arrows;
}

std::string model_svg(const Model& model, const PlotModelOptions& options) {
  return detail::svg_of(picture_of(model, options), options.rankdir);
}

std::string model_dot(const Model& model, const PlotModelOptions& options) {
  return detail::dot_of(picture_of(model, options), options.rankdir);
}

void plot_model(const Model& model, const PlotModelOptions& options) {
  const bool dot = detail::ends_in(options.to_file, ".dot");
  if (!dot && !detail::ends_in(options.to_file, ".svg")) {
    throw ValueError(fmt::format(
        "plot_model: unknown kind of file: to_file is \"{}\"; expected a name that ends in .svg "
        "or .dot",
        options.to_file));
  }
  data::write_file("plot_model", options.to_file,
                   dot ? model_dot(model, options) : model_svg(model, options));
}

}  // namespace keratin
