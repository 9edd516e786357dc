#include "kernels/device_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "kernels/accelerator.h"
#include "kernels/error.h"

namespace keratin::kernels {

namespace {
std::atomic<bool> tf32_allowed{false};
}
void set_allow_tf32(bool allow) { tf32_allowed = allow; }
bool allow_tf32() { return tf32_allowed; }

}  // namespace keratin::kernels

namespace keratin::kernels::detail {

namespace {
thread_local const DeviceCall* device_call = nullptr;
}

DeviceCall::DeviceCall(const char* op, const char* rung, const void* shape,
                       std::string (*text)(const void*))
    : op_(op), rung_(rung), shape_(shape), text_(text), before_(std::exchange(device_call, this)) {}
DeviceCall::~DeviceCall() { device_call = before_; }
std::string DeviceCall::current() {
  if (device_call == nullptr) return "";
  const DeviceCall& c = *device_call;
  return fmt::format("{} {}, rung \"{}\"", c.op_, c.text_(c.shape_), c.rung_);
}

BoundRungs bound_rungs(const void* ladder) {
  KERATIN_ASSERT(accelerator() != nullptr);
  return accelerator()->rungs(ladder);
}
void after_device_call(const Stream& stream) { accelerator()->after_call(stream); }
void synchronize(const Stream& stream) { accelerator()->synchronize(stream); }

void throw_no_device_kernel(const char* op, const std::string& shape) {
  throw DeviceError(fmt::format(
      "{}: no CUDA kernel takes {}; move the operands to the CPU: x.to(\"cpu\")", op, shape));
}

const char* chosen_device_rung(const char* room, const char* op,
                               std::span<const char* const> device_names,
                               std::span<const char* const> cpu_names) {
  std::vector<const char*> names(device_names.begin(), device_names.end());
  names.insert(names.end(), cpu_names.begin(), cpu_names.end());
  const char* chosen = chosen_rung(room, op, names.data(), names.size());
  const bool on_device =
      std::find(device_names.begin(), device_names.end(), chosen) != device_names.end();
  return on_device ? chosen : nullptr;
}

}  // namespace keratin::kernels::detail
