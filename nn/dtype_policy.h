#pragma once

#include <string>

#include "tensor/dtype.h"

namespace keratin {

/// The dtypes of a layer's weights and of its computation: float32 (the default), float64, or
/// mixed_bfloat16: weights in float32, inputs, computation and results in bfloat16.
class DTypePolicy {
 public:
  DTypePolicy() = default;  // the global one
  DTypePolicy(DType dtype);
  /// "float32", "float64" or "mixed_bfloat16". Throws DTypeError for other names and says what there
  /// is.
  DTypePolicy(const char* name);
  DTypePolicy(const std::string& name) : DTypePolicy(name.c_str()) {}

  DType compute_dtype() const { return resolved().compute_; }
  DType variable_dtype() const { return resolved().variable_; }
  const std::string& name() const { return name_; }
  /// The global one, as it is now, in place of one that stands for it.
  DTypePolicy resolved() const;

 private:
  DType compute_ = float32;
  DType variable_ = float32;
  std::string name_;  // empty: the global one
};

namespace config {
/// What layers made from now on use unless told otherwise.
void set_dtype_policy(const DTypePolicy& policy);
DTypePolicy dtype_policy();

/// May a GPU multiply matrices of float32 in TF32, whose operands have 10 binary digits after the
/// point instead of 23? Sums stay in float32. At the start not; the CPU never does.
void set_allow_tf32(bool allow);
bool allow_tf32();
}  // namespace config

}  // namespace keratin
