#pragma once

#include "nn/model/model_layer.h"
#include "nn/saving/onnx/mapping.h"

namespace keratin::saving::onnx {

/// The graph of a model, on its inputs. Throws ValueError for a model that has none.
std::vector<Value> map_model(Builder& to, keratin::detail::ModelLayer& model,
                             const std::vector<Value>& inputs, const std::string& path,
                             std::optional<bool> training);
/// Its graph. Throws ValueError where it is of a class of its own, or not built.
const keratin::detail::Graph& graph_of(const keratin::detail::ModelLayer& model);

}  // namespace keratin::saving::onnx
