// How a model is compiled, to JSON and back.
#pragma once

#include <string>
#include <vector>

#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/model/compiled.h"
#include "nn/model/options.h"
#include "nn/saving/json.h"

namespace keratin::saving {

/// Keras' "compile_config". Throws ValueError for a loss or metric that is a function or class of
/// the program's own.
Json compile_to_json(const detail::Compiled& compiled);
/// `outputs` are the names of the model's outputs, in order. Throws FileError for what is not known.
CompileOptions compile_from_json(const Json& json, const std::vector<std::string>& outputs,
                                 const std::string& where);

Json loss_to_json(const LossRef& loss);
LossRef loss_from_json(const Json& json, const std::string& where);
Json metric_to_json(const MetricRef& metric);
MetricRef metric_from_json(const Json& json, const std::string& where);

}  // namespace keratin::saving
