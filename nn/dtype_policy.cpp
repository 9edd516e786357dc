#include "nn/dtype_policy.h"

#include <fmt/format.h>

#include "kernels/cuda_ladder.h"

namespace keratin {
namespace {

DTypePolicy& global_policy() {
  static DTypePolicy policy(float32);
  return policy;
}

}  // namespace

DTypePolicy::DTypePolicy(DType dtype) : compute_(dtype), variable_(dtype), name_(name_of(dtype)) {
  if (dtype == float32 || dtype == float64) return;
  throw DTypeError(
      fmt::format("dtype policy: {} cannot be that of weights; expected float32, float64 or "
                  "\"mixed_bfloat16\"",
                  name_));
}

DTypePolicy::DTypePolicy(const char* name) {
  const std::string_view given = name;
  if (given == "mixed_bfloat16") {
    compute_ = bfloat16;
    name_ = given;
    return;
  }
  if (given != "float32" && given != "float64") {
    throw DTypeError(
        fmt::format("dtype policy: \"{}\" is not supported; expected \"float32\", \"float64\" or "
                    "\"mixed_bfloat16\"",
                    given));
  }
  *this = DTypePolicy(dtype_from_name(given));
}

DTypePolicy DTypePolicy::resolved() const { return name_.empty() ? global_policy() : *this; }

namespace config {
void set_dtype_policy(const DTypePolicy& policy) { global_policy() = policy.resolved(); }
DTypePolicy dtype_policy() { return global_policy(); }
void set_allow_tf32(bool allow) { kernels::set_allow_tf32(allow); }
bool allow_tf32() { return kernels::allow_tf32(); }
}  // namespace config

}  // namespace keratin
