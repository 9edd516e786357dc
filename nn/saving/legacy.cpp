#include "nn/saving/legacy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nn/inspect/terminal.h"
#include "nn/model/model_layer.h"
#include "nn/saving/compile_json.h"
#include "nn/saving/layer_json.h"
#include "nn/saving/weights.h"

namespace keratin::saving {
namespace {

constexpr const char* kWeights = "model_weights";

// A layer of the file that has weights, and where they are.
struct Stored {
  std::string name;
  std::vector<std::string> paths;
};

// Where the layers are: at the root of a file of weights alone.
std::string root_of(const Hdf5Reader& file) {
  return file.is_group(kWeights) ? std::string(kWeights) + "/" : "";
}

std::vector<std::string> names_in(const Hdf5Reader& file, const std::string& group,
                                  const char* attribute, const std::string& where) {
  auto names = file.texts_attribute(group, attribute);
  if (!names) {
    throw FileError(fmt::format("{}: \"{}\" has no attribute {}", where, group, attribute));
  }
  return std::move(*names);
}

std::vector<Stored> stored_layers(const Hdf5Reader& file, const std::string& where) {
  const std::string root = root_of(file);
  const std::string top = root + "top_level_model_weights";
  if (file.is_group(top) && !names_in(file, top, "weight_names", where).empty()) {
    throw FileError(fmt::format(
        "{}: holds weights of the model beside its layers', for which there is no place", where));
  }
  std::vector<Stored> layers;
  for (const std::string& name :
       names_in(file, root.empty() ? "" : kWeights, "layer_names", where)) {
    Stored layer = {.name = name, .paths = {}};
    for (const std::string& weight : names_in(file, root + name, "weight_names", where)) {
      layer.paths.push_back(fmt::format("{}{}/{}", root, name, weight));
    }
    if (!layer.paths.empty()) layers.push_back(std::move(layer));
  }
  return layers;
}

// Those that are trained first, over all that is in the layer.
std::vector<Variable> variables_of(const LayerRef& layer) {
  std::vector<Variable> variables = layer.trainable_variables();
  for (const Variable& variable : layer.non_trainable_variables()) variables.push_back(variable);
  return variables;
}

std::vector<LayerRef> layers_with_weights(const LayerRef& model) {
  std::vector<LayerRef> layers;
  for (const LayerRef& layer :
       static_cast<const detail::ModelLayer&>(*model.layer()).listed_layers()) {
    if (!layer.weights().empty()) layers.push_back(layer);
  }
  return layers;
}

// The file's layers in the order of the model's.
std::vector<Stored> in_order_of(const std::vector<LayerRef>& layers, std::vector<Stored> stored) {
  std::map<std::string, const Stored*> by_name;
  for (const Stored& one : stored) by_name[one.name] = &one;
  std::vector<Stored> sorted;
  for (const LayerRef& layer : layers) {
    const auto found = by_name.find(layer.name());
    if (found == by_name.end()) return stored;
    sorted.push_back(*found->second);
  }
  return sorted;
}

void require_fit(const LayerRef& layer, const std::vector<Variable>& variables,
                 const Stored& stored, const Hdf5Reader& file, const std::string& where) {
  const std::string label = layer.layer()->label();
  if (variables.size() != stored.paths.size()) {
    throw FileError(fmt::format("{}: {} has {} weights, the file has {} of \"{}\"", where, label,
                                variables.size(), stored.paths.size(), stored.name));
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Shape shape = file.spec(stored.paths[i]).shape;
    if (shape == variables[i].value().shape()) continue;
    throw FileError(fmt::format("{}: {}: \"{}\" is {}, the file has shape {} in \"{}\"", where,
                                label, variables[i].name(), variables[i].value().spec().text(),
                                shape.text(), stored.paths[i]));
  }
}

}  // namespace

bool is_legacy(const Hdf5Reader& file) {
  return file.is_group(kWeights) || file.texts_attribute("", "layer_names").has_value();
}

void read_legacy_weights(const LayerRef& model, const Hdf5Reader& file, const std::string& where,
                         bool skip_mismatch) {
  const std::vector<LayerRef> layers = layers_with_weights(model);
  std::vector<Stored> stored = stored_layers(file, where);
  if (stored.size() != layers.size()) {
    throw FileError(
        fmt::format("{}: the model has {} layers with weights, the file has {}: it was saved from "
                    "another structure",
                    where, layers.size(), stored.size()));
  }
  stored = in_order_of(layers, std::move(stored));
  std::vector<std::pair<Variable, Tensor>> values;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::vector<Variable> variables = variables_of(layers[i]);
    try {
      require_fit(layers[i], variables, stored[i], file, where);
    } catch (const FileError& error) {
      if (!skip_mismatch) throw;
      keratin::detail::warn("keratin: {}; left as it is\n", error.what());
      continue;
    }
    for (std::size_t k = 0; k < variables.size(); ++k) {
      const Spec spec = variables[k].value().spec();
      values.emplace_back(variables[k], file.read(stored[i].paths[k], spec.shape, spec.dtype));
    }
  }
  for (auto& [variable, value] : values) variable.assign(value);
}

Model read_legacy_model(const Hdf5Reader& file, const std::string& where, bool compile) {
  const auto config = file.text_attribute("", "model_config");
  if (!config) {
    throw FileError(
        fmt::format("{}: holds weights alone; build the model, and use load_weights", where));
  }
  const std::string version = file.text_attribute("", "keras_version").value_or("");
  if (!version.starts_with("3.")) {
    throw FileError(fmt::format(
        "{}: was written by {}; expected Keras 3. Save it as .keras there, or build the model here "
        "and use load_weights",
        where, version.empty() ? "an unknown version of Keras" : "Keras " + version));
  }
  const Json json = parse_json(where + ": model_config", *config);
  const std::string class_name = opened(json, where).class_name;
  if (!is_model_class(class_name)) {
    throw FileError(
        fmt::format("{}: holds a {}; expected a Functional or Sequential model. One of "
                    "a class of its own can only be built by its program: load its "
                    "weights with load_weights",
                    where, class_name));
  }
  Model model = keratin::detail::model_of(layer_from_json(json, where));
  const auto& graph = static_cast<keratin::detail::ModelLayer&>(*model.layer()).graph();
  if (!graph) {
    throw FileError(
        fmt::format("{}: the model's input shape is not known, so it has no weights", where));
  }
  read_legacy_weights(model, file, where);
  const auto training = file.text_attribute("", "training_config");
  if (!compile || !training) return model;
  Json compiled = parse_json(where + ": training_config", *training);
  if (!compiled.is_object() || !compiled.contains("optimizer_config")) {
    throw FileError(
        fmt::format("{}: its training_config has no optimizer_config; load the model "
                    "with .compile = false",
                    where));
  }
  compiled["optimizer"] = compiled["optimizer_config"];
  model.compile(compile_from_json(compiled, graph->output_names(), where));
  if (file.is_group("optimizer_weights")) {
    std::vector<std::string> paths;
    for (const std::string& name : names_in(file, "optimizer_weights", "weight_names", where)) {
      paths.push_back("optimizer_weights/" + name);
    }
    read_optimizer(model.optimizer(), model.trainable_variables(), file, paths, where);
  }
  return model;
}

}  // namespace keratin::saving
