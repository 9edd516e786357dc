// Layers as golden cases name them, for the tests of layers and of training.
#pragma once

#include <string>

#include "nn/activations.h"
#include "nn/dtype_policy.h"
#include "nn/layer.h"
#include "nn/options.h"
#include "tests/nn/golden.h"

namespace keratin::tests {

/// "Conv2D" and its keyword arguments, regularizers as {"L2": 0.01} included.
LayerRef to_layer(const std::string& name, const Json& options);

/// The layers of sequence_layers.json; not defined() for other names.
LayerRef made_for_sequences(const std::string& name, Options& given);

// Fields that more than one of them has.
void read(Options& given, const char* name, Size2& size);
void read(Options& given, const char* name, Activation& activation);

/// While one lives, layers are made with this dtype policy.
class PolicyScope {
 public:
  explicit PolicyScope(const DTypePolicy& policy) : before_(config::dtype_policy()) {
    config::set_dtype_policy(policy);
  }
  ~PolicyScope() { config::set_dtype_policy(before_); }
  PolicyScope(const PolicyScope&) = delete;
  PolicyScope& operator=(const PolicyScope&) = delete;

 private:
  DTypePolicy before_;
};

}  // namespace keratin::tests
