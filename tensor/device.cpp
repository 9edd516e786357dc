#include "tensor/device.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "kernels/accelerator.h"
#include "kernels/error.h"

namespace keratin {
namespace {

// By set_device, or the first time that somebody asked.
std::optional<Device> chosen;

}  // namespace

namespace detail {

Device device_named_by(const char* name) {
  if (name != nullptr && *name != '\0') return Device::named(name, "KERATIN_DEVICE");
  return gpu_available() ? Device{Device::Kind::cuda, 0} : Device{};
}

}  // namespace detail

std::string Device::text() const { return is_cpu() ? "cpu" : fmt::format("cuda:{}", index); }

Device Device::named(const std::string& name, const char* what) {
  if (name == "cpu") return {};
  int index = name == "cuda" ? 0 : -1;
  if (name.starts_with("cuda:")) {
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data() + 5, end, index);
    if (read.ec != std::errc() || read.ptr != end) index = -1;
  }
  if (index < 0) {
    throw DeviceError(fmt::format(
        "{}: unknown device \"{}\"; expected \"cpu\", \"cuda\" or \"cuda:N\"", what, name));
  }
  kernels::Accelerator* const accelerator = kernels::accelerator();
  if (accelerator == nullptr) {
    throw DeviceError(
        fmt::format("{}: \"{}\": this build has no CUDA kernels: put nvcc on PATH and build with "
                    "-DKERATIN_CUDA=ON, or use \"cpu\"",
                    what, name));
  }
  const int count = accelerator->count();
  if (count == 0) {
    throw DeviceError(fmt::format("{}: \"{}\": {}", what, name, accelerator->missing()));
  }
  if (index >= count) {
    throw DeviceError(fmt::format("{}: \"{}\": this machine's GPUs go from cuda:0 to cuda:{}", what,
                                  name, count - 1));
  }
  return {Kind::cuda, index};
}

bool gpu_available() {
  return kernels::accelerator() != nullptr && kernels::accelerator()->count() > 0;
}

void set_device(const std::string& name) { chosen = Device::named(name, "set_device"); }

Device device() {
  if (!chosen) chosen = detail::device_named_by(std::getenv("KERATIN_DEVICE"));
  return *chosen;
}

GpuMemoryStats gpu_memory_stats(const std::string& name) {
  const Device device = Device::named(name, "gpu_memory_stats");
  if (device.is_cpu()) {
    throw DeviceError(
        "gpu_memory_stats: \"cpu\" is no GPU; expected \"cuda\" or \"cuda:N\". For the "
        "CPU use memory_stats().");
  }
  const kernels::GpuMemory memory = kernels::accelerator()->memory(device.index);
  return {memory.in_use, memory.held, memory.free, memory.total};
}

void synchronize(const std::string& name) {
  const Device device = Device::named(name, "synchronize");
  if (device.is_cpu()) return;
  kernels::accelerator()->synchronize(kernels::accelerator()->stream(device.index));
}

}  // namespace keratin
