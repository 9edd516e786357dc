// Which classes of layers files may name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "nn/layer.h"

namespace keratin::saving {

/// The package of a layer of one's own. Throws ValueError that says how to register it.
std::string package_of(const Layer& layer);

/// The classes that built_in_layer knows, sorted.
std::vector<std::string> built_in_layer_names();

/// Layers from the config of an object. Each throws FileError for a class that is not known, and
/// says what to do.
LayerRef registered_layer(const std::string& registered_name, const nlohmann::ordered_json& config,
                          const std::string& where);
LayerRef built_in_layer(const std::string& class_name, const std::string& module,
                        const nlohmann::ordered_json& config, const std::string& where);

}  // namespace keratin::saving
