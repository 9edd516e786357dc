#pragma once

#include <string>

#include "tensor/dtype.h"

namespace keratin {

/// A dtype for a layer's weights and computation: float32 (the default) or float64.
class DTypePolicy {
 public:
  DTypePolicy() = default;  // the global one
  DTypePolicy(DType dtype);
  /// "float32" or "float64". Throws DTypeError for other names and says what there is.
  DTypePolicy(const char* name);
  DTypePolicy(const std::string& name) : DTypePolicy(name.c_str()) {}

  DType compute_dtype() const;
  DType variable_dtype() const { return compute_dtype(); }
  const std::string& name() const { return name_; }

 private:
  DType dtype_ = float32;
  std::string name_;  // empty: the global one
};

namespace config {
/// What layers made from now on use unless told otherwise.
void set_dtype_policy(const DTypePolicy& policy);
DTypePolicy dtype_policy();
}  // namespace config

}  // namespace keratin
