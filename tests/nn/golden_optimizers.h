// Optimizers as golden cases name them, for the tests of optimizers and of training.
#pragma once

#include <string>

#include "nn/optimizer.h"
#include "tests/nn/golden.h"

namespace keratin::tests {

/// "Adam" and its keyword arguments, {"learning_rate": {"CosineDecay": {...}}} included.
OptimizerRef to_optimizer(const std::string& name, const Json& options);
optimizers::Schedule to_schedule(const std::string& name, const Json& options);

}  // namespace keratin::tests
