// What layers and optimizers are given as objects, read from JSON. Each throws FileError naming
// `where` for a class or options that are not known.
#pragma once

#include <string>

#include "nn/activations.h"
#include "nn/constraints.h"
#include "nn/initializers.h"
#include "nn/optimizer.h"
#include "nn/regularizers.h"
#include "nn/saving/json_fields.h"
#include "nn/schedule.h"

namespace keratin::saving {

Activation activation_from_json(const Json& json, const std::string& where);
Initializer initializer_from_json(const Json& json, const std::string& where);
Regularizer regularizer_from_json(const Json& json, const std::string& where);
Constraint constraint_from_json(const Json& json, const std::string& where);
optimizers::Schedule schedule_from_json(const Json& json, const std::string& where);
OptimizerRef optimizer_from_json(const Json& json, const std::string& where);
Json optimizer_to_json(const OptimizerRef& optimizer);

}  // namespace keratin::saving
