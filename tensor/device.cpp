#include "tensor/device.h"

#include <fmt/format.h>

#include "keratin/build_config.h"
#include "kernels/error.h"

namespace keratin {

std::string Device::text() const { return is_cpu() ? "cpu" : fmt::format("cuda:{}", index); }

bool gpu_available() {
#if KERATIN_HAS_CUDA
#error "device.cpp: ask the CUDA runtime here"
#else
  return false;
#endif
}

void set_device(const std::string& name) {
  if (name == "cpu") return;
  if (name == "cuda" || name.starts_with("cuda:")) {
    throw DeviceError(
        fmt::format("set_device: \"{}\": this build has no CUDA kernels; use \"cpu\", or ask "
                    "gpu_available() first",
                    name));
  }
  throw DeviceError(fmt::format(
      "set_device: unknown device \"{}\"; expected \"cpu\", \"cuda\" or \"cuda:N\"", name));
}

Device current_device() { return {}; }

}  // namespace keratin
