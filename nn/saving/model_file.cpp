#include "nn/saving/model_file.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "data/atomic_file.h"
#include "data/zip.h"
#include "keratin/build_config.h"
#include "nn/model/model_layer.h"
#include "nn/saving/compile_json.h"
#include "nn/saving/layer_json.h"
#include "nn/saving/legacy.h"
#include "nn/saving/safetensors.h"
#include "nn/saving/weights.h"

namespace keratin {
namespace {

using saving::Hdf5Reader;
using saving::Hdf5Writer;
using saving::Json;

constexpr const char* kWeights = "model.weights.h5";
constexpr const char* kSafetensors = ".safetensors";

void require_suffix(const char* what, const std::string& path, std::string_view suffix) {
  if (path.ends_with(suffix)) return;
  throw ValueError(fmt::format("{}: {}: the name must end with \"{}\"", what,
                               path.empty() ? "\"\"" : path, suffix));
}

void require_built(const char* what, const LayerRef& model) {
  for (Layer* layer : detail::all_layers(model.layer().get())) {
    if (layer->built() || dynamic_cast<detail::ModelLayer*>(layer) == nullptr) continue;
    throw ValueError(fmt::format(
        "{}: {} has no weights yet; call it on a batch first, or begin it with an Input", what,
        layer->label()));
  }
}

// All of config.json.
Json config_of(const Model& model, const detail::Compiled* compiled) {
  Json config = saving::layer_to_json(model);
  config["compile_config"] = compiled ? saving::compile_to_json(*compiled) : Json::object();
  return config;
}

// The weights of a model, and of its optimizer where that has begun.
data::Bytes weights_of(const char* what, const Model& model, const OptimizerRef* optimizer) {
  Hdf5Writer file(what);
  saving::write_weights(model, file);
  if (optimizer != nullptr) saving::write_optimizer(*optimizer, file);
  return file.finish();
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  return fmt::format("{:%Y-%m-%d@%H:%M:%S}", fmt::localtime(now));
}

// The oldest version of Keras that reads what is written here.
constexpr const char* kKerasVersion = "3.6.0";

}  // namespace

void Model::save(const std::string& path) const {
  require_suffix("save", path, ".keras");
  require_built("save", *this);
  const Json config = config_of(*this, state().compiled.get());
  const Json metadata = {{"keras_version", kKerasVersion},
                         {"date_saved", now_text()},
                         {"keratin_version", KERATIN_VERSION}};
  const OptimizerRef* optimizer = compiled() ? &state().compiled->optimizer : nullptr;
  data::ZipWriter archive("save", path);
  archive.add("metadata.json", data::Bytes::from(saving::dump_json(metadata)));
  archive.add("config.json", data::Bytes::from(saving::dump_json(config)));
  archive.add(kWeights, weights_of("save", *this, optimizer));
  for (const auto& [folder, layer] : saving::layer_paths(*this)) {
    for (const auto& [name, text] : layer->assets()) {
      archive.add(fmt::format("assets/{}/{}", folder, name), data::Bytes::from(text));
    }
  }
  archive.finish();
}

void Model::require_saveable() const { config_of(*this, state().compiled.get()); }

void Model::save_weights(const std::string& path) const {
  const bool safetensors = path.ends_with(kSafetensors);
  if (!safetensors && !path.ends_with(".weights.h5")) {
    throw ValueError(
        fmt::format("save_weights: {}: the name must end with \".weights.h5\" or \"{}\"",
                    path.empty() ? "\"\"" : path, kSafetensors));
  }
  require_built("save_weights", *this);
  if (safetensors) {
    saving::write_safetensors(path, saving::weights_by_path(*this), {{"model", name()}});
    return;
  }
  const OptimizerRef* optimizer = compiled() ? &state().compiled->optimizer : nullptr;
  data::write_file("save_weights", path, weights_of("save_weights", *this, optimizer).span());
}

void Model::load_weights(const std::string& path, bool skip_mismatch) {
  const std::string where = "load_weights: " + path;
  require_built("load_weights", *this);
  const auto read = [&](const Hdf5Reader& file) {
    saving::read_weights(*this, file, where, skip_mismatch);
    if (compiled()) {
      saving::read_optimizer(state().compiled->optimizer, trainable_variables(), file, where);
    }
  };
  if (path.ends_with(kSafetensors)) {
    const Named<Tensor> tensors = saving::read_safetensors(path).tensors;
    saving::read_weights(*this, tensors, where, skip_mismatch);
  } else if (path.ends_with(".keras")) {
    const data::ZipReader archive("load_weights", path);
    read(Hdf5Reader("load_weights", path + ": " + kWeights, archive.read(kWeights)));
  } else {
    if (!path.ends_with(".h5")) {
      throw ValueError(fmt::format(
          "load_weights: {}: the name must end with \".weights.h5\", \".h5\", \"{}\" or \".keras\"",
          path.empty() ? "\"\"" : path, kSafetensors));
    }
    const Hdf5Reader file("load_weights", path);
    if (saving::is_legacy(file)) {
      saving::read_legacy_weights(*this, file, where, skip_mismatch);
    } else {
      read(file);
    }
  }
}

Model load_model(const std::string& path, const LoadModelOptions& options) {
  const std::string where = "load_model: " + path;
  if (path.ends_with(".h5")) {
    const data::Bytes bytes = data::read_file("load_model", path);
    const detail::UnsetWeights unset(bytes.size() * 4 + (1 << 20));
    return saving::read_legacy_model(Hdf5Reader("load_model", path, bytes), where, options.compile);
  }
  require_suffix("load_model", path, ".keras");
  const data::ZipReader archive("load_model", path);
  const Json config =
      saving::parse_json(where + ": config.json", archive.read("config.json").text());
  const data::Bytes bytes = archive.read(kWeights);
  const Hdf5Reader weights("load_model", path + ": " + kWeights, bytes);

  // What the configuration asks for must be in the file, at most twice as wide here.
  const detail::UnsetWeights unset(bytes.size() * 4 + (1 << 20));
  const saving::Enveloped object = saving::opened(config, where);
  if (!saving::is_model_class(object.class_name)) {
    throw FileError(fmt::format(
        "{}: holds a {}; expected a Functional or Sequential model. One of a class of its own can "
        "only be built by its program: load its weights with load_weights.",
        where, object.class_name));
  }
  Model model = detail::model_of(saving::layer_from_json(config, where));
  require_built("load_model", model);
  for (const auto& [folder, layer] : saving::layer_paths(model)) {
    const std::string prefix = fmt::format("assets/{}/", folder);
    Named<std::string> assets;
    for (const std::string& name : archive.names()) {
      if (!name.starts_with(prefix) || name.find('/', prefix.size()) != std::string::npos) continue;
      assets[name.substr(prefix.size())] = archive.read(name).text();
    }
    if (!assets.empty()) layer->set_assets(assets);
  }
  saving::read_weights(model, weights, where);
  if (options.compile && config.contains("compile_config") &&
      config["compile_config"].is_object() && !config["compile_config"].empty()) {
    const auto& graph = static_cast<detail::ModelLayer&>(*model.layer()).graph();
    model.compile(
        saving::compile_from_json(config["compile_config"], graph->output_names(), where));
    saving::read_optimizer(model.optimizer(), model.trainable_variables(), weights, where);
  }
  return model;
}

}  // namespace keratin
