// Layers and models to JSON and back, as Keras 3 has them in config.json.
#pragma once

#include <string>

#include "nn/layer.h"
#include "nn/model/model.h"
#include "nn/saving/json_fields.h"

namespace keratin::saving {

/// [null, 28, 28, 1]; null for None.
Json shape_to_json(const Shape& shape);
/// Throws FileError for what is no list of sizes, more than 32 of them, or sizes beyond 2^31.
Shape shape_from_json(const Json& json, const std::string& where);

/// A layer or model with its options. Throws ValueError for what no file can hold, naming it: a
/// function of the program, a model of a class of one's own.
Json layer_to_json(const LayerRef& layer);
/// The layer or model, not built unless its graph is. Throws FileError that names it: a class that
/// keratin lacks, options that are none of its own or of another kind.
LayerRef layer_from_json(const Json& json, const std::string& where);

// ---- models: model_json.cpp

bool is_model_class(const std::string& class_name);
Json model_to_json(const LayerRef& model);
LayerRef model_from_json(const Json& json, const std::string& where);

}  // namespace keratin::saving
