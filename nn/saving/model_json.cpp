// Models: Functional and Sequential, nested as they are.
#include <fmt/format.h>

#include <map>
#include <unordered_map>

#include "nn/layers/input_layer.h"
#include "nn/model/model_layer.h"
#include "nn/model/sequential.h"
#include "nn/saving/layer_json.h"

namespace keratin::saving {
namespace {

using detail::GraphNode;
using detail::ModelLayer;

const ModelLayer& state_of(const LayerRef& model) {
  return static_cast<const ModelLayer&>(*model.layer());
}
bool is_functional(const Layer& layer) {
  const auto* model = dynamic_cast<const ModelLayer*>(&layer);
  return model != nullptr && model->kind() == ModelLayer::Kind::functional;
}

// ---- writing

// Where a symbolic tensor comes from, within one graph.
class BuildHistory {
 public:
  explicit BuildHistory(const detail::Graph& graph) {
    for (const LayerRef& layer : graph.layers()) {
      int number = 0;
      for (const GraphNode* node : graph.calls_of(layer.layer().get())) numbers_[node] = number++;
    }
  }
  // ["dense", 0, 0]. Keras counts the graph of a functional model as its first call, but in inputs
  // and outputs of the model around it only.
  Json of(const SymbolicTensor& tensor, bool end_of_model) const {
    const GraphNode* node = tensor.node().get();
    const int shift = end_of_model && is_functional(*node->layer) ? 1 : 0;
    return Json::array({node->layer->name(), numbers_.at(node) + shift, tensor.index()});
  }

 private:
  std::unordered_map<const GraphNode*, int> numbers_;
};

// One as it is, several in a list or by name.
template <class F>
Json structured(const SymbolicTensors& tensors, const F& f) {
  if (tensors.single()) return f(tensors.get(0));
  Json json = tensors.named() ? Json::object() : Json::array();
  for (const auto& [name, tensor] : tensors.entries()) {
    if (tensors.named()) {
      json[name] = f(tensor);
    } else {
      json.push_back(f(tensor));
    }
  }
  return json;
}

Json functional_to_json(const ModelLayer& model) {
  const detail::Graph& graph = *model.graph();
  const BuildHistory history(graph);
  const auto keras_tensor = [&](const SymbolicTensor& tensor) -> Json {
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", shape_to_json(tensor.shape())},
              {"dtype", std::string(name_of(tensor.dtype()))},
              {"keras_history", history.of(tensor, false)}}}};
  };
  Json layers = Json::array();
  for (const LayerRef& layer : graph.layers()) {
    Json entry = layer_to_json(layer);
    entry["name"] = layer.name();
    Json calls = Json::array();
    for (const GraphNode* node : graph.calls_of(layer.layer().get())) {
      if (node->inputs.none()) continue;
      Json kwargs = Json::object();
      if (node->training) kwargs["training"] = *node->training;
      calls.push_back({{"args", Json::array({structured(node->inputs, keras_tensor)})},
                       {"kwargs", std::move(kwargs)}});
    }
    entry["inbound_nodes"] = std::move(calls);
    layers.push_back(std::move(entry));
  }
  const auto end = [&](const SymbolicTensor& tensor) { return history.of(tensor, true); };
  return {{"module", "keras.src.models.functional"},
          {"class_name", "Functional"},
          {"config",
           {{"name", model.name()},
            {"trainable", model.trainable()},
            {"layers", std::move(layers)},
            {"input_layers", structured(graph.inputs(), end)},
            {"output_layers", structured(graph.outputs(), end)}}},
          {"registered_name", "Functional"},
          {"build_config", {{"input_shape", nullptr}}}};
}

Json sequential_to_json(const ModelLayer& model) {
  Json layers = Json::array();
  Json config = {{"name", model.name()},
                 {"trainable", model.trainable()},
                 {"dtype", policy_to_json(model.policy())}};
  Shape input = Shape::unset();
  if (model.graph()) {
    const SymbolicTensor& start = model.graph()->inputs().get(0);
    input = start.shape();
    layers.push_back(layer_to_json(LayerRef(start.node()->layer)));
  }
  for (const LayerRef& layer : model.listed_layers()) layers.push_back(layer_to_json(layer));
  config["layers"] = std::move(layers);
  if (input.is_set()) config["build_input_shape"] = shape_to_json(input);
  Json json = {{"module", "keras"},
               {"class_name", "Sequential"},
               {"config", std::move(config)},
               {"registered_name", nullptr}};
  if (input.is_set()) json["build_config"] = {{"input_shape", shape_to_json(input)}};
  return json;
}

// ---- reading

[[noreturn]] void fail(const std::string& where, const std::string& text) {
  throw FileError(fmt::format("{}: {}", where, text));
}

const Json& member(const Json& json, const char* name, const std::string& where) {
  if (!json.is_object() || !json.contains(name)) {
    fail(where, fmt::format("has no \"{}\"", name));
  }
  return json[name];
}

LayerRef input_from_json(const Json& config, const std::string& where) {
  JsonReader reader(config, where);
  InputOptions options;
  std::string dtype = "float32";
  bool sparse = false, ragged = false;
  reader("batch_shape", options.batch_shape);
  reader("batch_input_shape", options.batch_shape);  // Keras 2
  reader("dtype", dtype);
  reader("sparse", sparse);
  reader("ragged", ragged);
  reader("name", options.name);
  reader("optional", options.optional);
  reader.done();
  if (sparse || ragged) fail(where, "sparse and ragged inputs are not supported");
  if (!options.batch_shape.is_set()) fail(where, "has no batch_shape");
  try {
    options.dtype = dtype_from_name(dtype);
    return LayerRef(Input(options).node()->layer);
  } catch (const Error& error) {
    fail(where, error.what());
  }
}

/// Layers of a graph by name, and the results of their calls so far.
class Replay {
 public:
  Replay(const Json& config, std::string where) : where_(std::move(where)) {
    const Json& entries = member(config, "layers", where_);
    if (!entries.is_array()) fail(where_, "\"layers\" is no list");
    for (std::size_t i = 0; i < entries.size(); ++i) add(entries[i], i);
  }

  /// Makes calls in whatever order they become possible.
  void run() {
    std::size_t left = calls_.size();
    while (left > 0) {
      std::size_t made = 0;
      for (Call& call : calls_) {
        Known& layer = layers_.at(call.layer);
        if (call.done || static_cast<std::size_t>(call.number) != layer.results.size()) continue;
        std::optional<SymbolicTensors> inputs = arguments(call);
        if (!inputs) continue;
        make(layer, call, *inputs);
        call.done = true;
        ++made;
      }
      if (made == 0) {
        for (const Call& call : calls_) {
          if (!call.done) {
            fail(where_, fmt::format("layer \"{}\" waits for results that nothing gives: the graph "
                                     "has a cycle, or lacks a layer",
                                     call.layer));
          }
        }
      }
      left -= made;
    }
  }

  /// What `input_layers` or `output_layers` names, in its structure.
  SymbolicTensors ends(const Json& reference, const char* what) const {
    if (is_reference(reference)) return result(reference, true, what);
    if (reference.is_array() && reference.size() == 1 && is_reference(reference[0])) {
      return result(reference[0], true, what);  // as older versions write a single one
    }
    if (reference.is_array()) {
      std::vector<SymbolicTensor> list;
      for (const Json& one : reference) list.push_back(result(one, true, what));
      return SymbolicTensors(std::move(list));
    }
    if (!reference.is_object() || reference.empty()) {
      fail(where_, fmt::format("{} is {}; expected names of layers", what, excerpt(reference)));
    }
    Named<SymbolicTensor> by_name;
    for (const auto& [name, one] : reference.items()) by_name[name] = result(one, true, what);
    return SymbolicTensors(by_name);
  }

 private:
  struct Known {
    LayerRef layer;
    std::vector<SymbolicTensors> results;  // of each call
  };
  struct Call {
    std::string layer;
    int number;
    const Json* json;
    bool done = false;
  };

  static bool is_reference(const Json& json) {
    return json.is_array() && json.size() == 3 && json[0].is_string() &&
           json[1].is_number_integer() && json[2].is_number_integer();
  }

  void add(const Json& entry, std::size_t position) {
    const std::string here = fmt::format("{}: layers[{}]", where_, position);
    const Enveloped object = opened(entry, here);
    if (entry.contains("module") && entry["module"].is_string() && entry.contains("name") &&
        entry["name"].is_string() &&
        entry["module"].get<std::string>().starts_with("keras.src.ops")) {
      operations_[entry["name"].get<std::string>()] = object.class_name;
      return;
    }
    const bool input = object.class_name == "InputLayer";
    const LayerRef layer =
        input ? input_from_json(object.config, here) : layer_from_json(entry, here);
    const std::string name = entry.contains("name") && entry["name"].is_string()
                                 ? entry["name"].get<std::string>()
                                 : layer.name();
    if (!layers_.emplace(name, Known{layer, {}}).second) {
      fail(where_, fmt::format("two layers are called \"{}\"", name));
    }
    if (input) {
      // The one symbolic tensor that an input layer gives.
      layers_.at(name).results.push_back(detail::call_symbolically(layer.layer(), {}));
      return;
    }
    const Json& calls = member(entry, "inbound_nodes", here);
    if (!calls.is_array()) fail(here, "\"inbound_nodes\" is no list");
    int number = 0;
    for (const Json& call : calls) calls_.push_back({name, number++, &call});
  }

  // A tensor in the arguments of a call; nothing where it is not there yet.
  std::optional<SymbolicTensor> tensor(const Json& json, const std::string& caller) const {
    if (!json.is_object() || !json.contains("class_name") ||
        json["class_name"] != "__keras_tensor__") {
      fail(where_, fmt::format("layer \"{}\" is called on {}; expected results of layers", caller,
                               excerpt(json)));
    }
    const Json& reference = member(member(json, "config", where_), "keras_history", where_);
    if (!is_reference(reference)) {
      fail(where_, fmt::format("{} is no [layer, call, result]", excerpt(reference)));
    }
    const auto found = layers_.find(reference[0].get<std::string>());
    if (const auto operation = operations_.find(reference[0].get<std::string>());
        operation != operations_.end()) {
      fail(where_, fmt::format("layer \"{}\" is called on the result of Keras' operation {}; of "
                               "operations only masks are read, use a layer for others",
                               caller, operation->second));
    }
    if (found == layers_.end()) {
      fail(where_, fmt::format("layer \"{}\" is called on a result of \"{}\", which the model does "
                               "not have",
                               caller, reference[0].get<std::string>()));
    }
    if (reference[1] < 0 || reference[1] > 1'000'000) {
      fail(where_, fmt::format("{} is no [layer, call, result]", excerpt(reference)));
    }
    if (reference[1].get<std::size_t>() >= found->second.results.size()) return {};
    return result(reference, false, "inbound_nodes");
  }

  std::optional<SymbolicTensors> arguments(const Call& call) const {
    const Json* args =
        call.json->is_object() && call.json->contains("args") ? &(*call.json)["args"] : nullptr;
    if (args == nullptr || !args->is_array() || args->empty()) {
      fail(where_, fmt::format("layer \"{}\": a call without arguments, {}", call.layer,
                               excerpt(*call.json)));
    }
    const Json& first = (*args)[0];
    const Json& several = args->size() > 1 ? *args : first;
    if (several.is_array()) {
      std::vector<SymbolicTensor> list;
      for (const Json& one : several) {
        const auto input = tensor(one, call.layer);
        if (!input) return {};
        list.push_back(*input);
      }
      if (list.empty()) fail(where_, fmt::format("layer \"{}\": called on nothing", call.layer));
      return SymbolicTensors(std::move(list));
    }
    if (first.is_object() && !first.contains("class_name")) {
      Named<SymbolicTensor> by_name;
      for (const auto& [name, one] : first.items()) {
        const auto input = tensor(one, call.layer);
        if (!input) return {};
        by_name[name] = *input;
      }
      if (by_name.empty()) fail(where_, fmt::format("layer \"{}\": called on nothing", call.layer));
      return SymbolicTensors(by_name);
    }
    const auto input = tensor(first, call.layer);
    return input ? std::optional(SymbolicTensors(*input)) : std::nullopt;
  }

  void make(Known& layer, const Call& call, const SymbolicTensors& inputs) {
    std::optional<bool> training;
    if (call.json->contains("kwargs") && (*call.json)["kwargs"].is_object()) {
      for (const auto& [name, value] : (*call.json)["kwargs"].items()) {
        if (value.is_null()) continue;
        if (name == "training" && value.is_boolean()) {
          training = value.get<bool>();
        } else if (name != "mask") {  // masks travel with their tensors here
          fail(where_, fmt::format("layer \"{}\": called with {} = {}, which is not supported",
                                   call.layer, name, excerpt(value)));
        }
      }
    }
    layer.results.push_back(layer.layer(inputs, {.training = training}));
  }

  SymbolicTensor result(const Json& reference, bool end_of_model, const char* what) const {
    if (!is_reference(reference)) {
      fail(where_, fmt::format("{}: {} is no [layer, call, result]", what, excerpt(reference)));
    }
    const std::string name = reference[0].get<std::string>();
    const auto found = layers_.find(name);
    if (found == layers_.end()) {
      fail(where_, fmt::format("{}: the model has no layer \"{}\"", what, name));
    }
    const Known& layer = found->second;
    std::int64_t call = reference[1].get<std::int64_t>();
    const std::int64_t index = reference[2].get<std::int64_t>();
    if (end_of_model && is_functional(*layer.layer.layer())) --call;
    if (call < 0 || call >= std::ssize(layer.results) || index < 0 ||
        index >= layer.results[static_cast<std::size_t>(call)].count()) {
      fail(where_, fmt::format("{}: layer \"{}\" has no result {} of call {}", what, name, index,
                               reference[1].get<std::int64_t>()));
    }
    return layer.results[static_cast<std::size_t>(call)].get(index);
  }

  std::string where_;
  std::map<std::string, Known> layers_;
  // Their classes by their names: Keras writes how masks are computed, which layers do here.
  std::map<std::string, std::string> operations_;
  std::vector<Call> calls_;
};

LayerRef sequential_from_json(const Json& config, const std::string& name,
                              const std::string& where) {
  Sequential model({}, name);
  if (config.contains("dtype")) policy_from_json(config["dtype"], where);
  const Json& entries = member(config, "layers", where);
  if (!entries.is_array()) fail(where, "\"layers\" is no list");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string here = fmt::format("{}: layers[{}]", where, i);
    const Enveloped object = opened(entries[i], here);
    if (object.class_name == "InputLayer") {
      const LayerRef input = input_from_json(object.config, here);
      model.add(detail::call_symbolically(input.layer(), {}).get(0));
    } else {
      model.add(layer_from_json(entries[i], here));
    }
  }
  if (!state_of(model).graph() && config.contains("build_input_shape") &&
      config["build_input_shape"].is_array()) {
    model.build(shape_from_json(config["build_input_shape"], where + ": build_input_shape"));
  }
  return model;
}

}  // namespace

bool is_model_class(const std::string& class_name) {
  return class_name == "Functional" || class_name == "Model" || class_name == "Sequential";
}

Json model_to_json(const LayerRef& model) {
  const ModelLayer& state = state_of(model);
  if (state.kind() == ModelLayer::Kind::subclassed) {
    throw ValueError(
        fmt::format("save: {} is of a class of the program's own, whose computation no file can "
                    "hold; keep its weights with save_weights, or build it from Input and layers",
                    state.label()));
  }
  return state.kind() == ModelLayer::Kind::sequential ? sequential_to_json(state)
                                                      : functional_to_json(state);
}

LayerRef model_from_json(const Json& json, const std::string& where) {
  const Enveloped object = opened(json, where);
  std::string name;
  bool trainable = true;
  const Json& config = object.config;
  if (!config.is_object()) fail(where, "its config is no object");
  if (config.contains("name") && config["name"].is_string())
    name = config["name"].get<std::string>();
  if (config.contains("trainable") && config["trainable"].is_boolean()) {
    trainable = config["trainable"].get<bool>();
  }
  LayerRef model;
  try {
    if (object.class_name == "Sequential") {
      model = sequential_from_json(config, name, where);
    } else {
      if (!config.contains("layers")) {
        fail(where,
             "is a model of a class of its own, which only its program can build; load its "
             "weights with load_weights");
      }
      Replay replay(config, where);
      replay.run();
      model = Model(replay.ends(member(config, "input_layers", where), "input_layers"),
                    replay.ends(member(config, "output_layers", where), "output_layers"), name);
    }
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    fail(where, error.what());
  }
  if (!trainable) model.set_trainable(false);
  return model;
}

}  // namespace keratin::saving
