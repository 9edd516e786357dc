#include "nn/dtype_policy.h"

#include <fmt/format.h>

namespace keratin {
namespace {

DType& global_dtype() {
  static DType dtype = float32;
  return dtype;
}

}  // namespace

DTypePolicy::DTypePolicy(DType dtype) : dtype_(dtype), name_(name_of(dtype)) {
  if (dtype != float32 && dtype != float64) {
    throw DTypeError(
        fmt::format("dtype policy: {} cannot be computed in; expected float32 or float64", name_));
  }
}

DTypePolicy::DTypePolicy(const char* name) {
  if (std::string_view(name) != "float32" && std::string_view(name) != "float64") {
    throw DTypeError(fmt::format(
        "dtype policy: \"{}\" is not supported; expected \"float32\" or \"float64\"", name));
  }
  *this = DTypePolicy(dtype_from_name(name));
}

DType DTypePolicy::compute_dtype() const { return name_.empty() ? global_dtype() : dtype_; }

namespace config {
void set_dtype_policy(const DTypePolicy& policy) { global_dtype() = policy.compute_dtype(); }
DTypePolicy dtype_policy() { return DTypePolicy(global_dtype()); }
}  // namespace config

}  // namespace keratin
