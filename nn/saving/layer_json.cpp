#include "nn/saving/layer_json.h"

#include <fmt/format.h>

#include "nn/layers/configured_layer.h"
#include "nn/layers/input_layer.h"
#include "nn/model/model_layer.h"
#include "nn/saving/layer_registry.h"

namespace keratin::saving {

Json shape_to_json(const Shape& shape) {
  Json json = Json::array();
  for (const std::int64_t size : shape) json.push_back(size == None ? Json(nullptr) : Json(size));
  return json;
}

Shape shape_from_json(const Json& json, const std::string& where) {
  constexpr std::int64_t kMaxSize = std::int64_t{1} << 31;
  if (!json.is_array() || json.size() > 32) {
    throw FileError(
        fmt::format("{}: {}; expected a shape, such as [null, 28, 28, 1]", where, excerpt(json)));
  }
  Shape shape;
  for (const Json& size : json) {
    if (size.is_null()) {
      shape.push_back(None);
      continue;
    }
    if (!size.is_number_integer() || size.get<std::int64_t>() < -1 ||
        size.get<std::int64_t>() > kMaxSize) {
      throw FileError(fmt::format("{}: {} in shape {}; expected a size, or null", where,
                                  excerpt(size), excerpt(json)));
    }
    shape.push_back(size.get<std::int64_t>());
  }
  return shape;
}

Json layer_to_json(const LayerRef& ref) {
  Layer& layer = *ref.layer();
  const std::string class_name = layer.class_name();
  if (dynamic_cast<const detail::ModelLayer*>(&layer) != nullptr) return model_to_json(ref);
  if (const auto* input = dynamic_cast<const layers::InputLayerImpl*>(&layer)) {
    return {{"module", "keras.layers"},
            {"class_name", class_name},
            {"config",
             {{"batch_shape", shape_to_json(input->spec().shape)},
              {"dtype", std::string(name_of(input->spec().dtype))},
              {"sparse", false},
              {"name", layer.name()}}},
            {"registered_name", nullptr}};
  }
  std::string module = "keras.layers";
  Json registered = nullptr;
  if (dynamic_cast<const layers::KerasLayer*>(&layer) == nullptr) {
    module = package_of(layer);
    registered = module + ">" + class_name;
  }
  JsonWriter writer(layer.label());
  Json config = {{"name", layer.name()}};
  // Some layers of Keras without weights do not take it.
  if (!ref.weights().empty()) config["trainable"] = layer.trainable();
  config["dtype"] = policy_to_json(layer.policy());
  layer.fields(writer);
  config.update(writer.take());
  Json json = {{"module", module},
               {"class_name", class_name},
               {"config", std::move(config)},
               {"registered_name", std::move(registered)}};
  return json;
}

LayerRef layer_from_json(const Json& json, const std::string& where) {
  const Enveloped object = opened(json, where);
  std::string label = object.class_name;
  if (object.config.is_object() && object.config.contains("name") &&
      object.config["name"].is_string()) {
    label = fmt::format("{} \"{}\"", object.class_name, object.config["name"].get<std::string>());
  }
  const std::string here = fmt::format("{}: {}", where, label);
  const std::string package =
      json.contains("registered_name") && json["registered_name"].is_string()
          ? json["registered_name"].get<std::string>()
          : object.class_name;  // .h5 files have it there
  try {
    if (package.find('>') != std::string::npos)
      return registered_layer(package, object.config, here);
    if (is_model_class(object.class_name)) return model_from_json(json, here);
    const std::string module = json.contains("module") && json["module"].is_string()
                                   ? json["module"].get<std::string>()
                                   : "";
    return built_in_layer(object.class_name, module, object.config, here);
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {  // what constructors object to
    throw FileError(fmt::format("{}: {}", here, error.what()));
  }
}

}  // namespace keratin::saving
