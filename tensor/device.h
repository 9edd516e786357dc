#pragma once

#include <cstdint>
#include <string>

namespace keratin {

/// Where a tensor lives.
struct Device {
  enum class Kind : std::uint8_t { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;

  bool is_cpu() const { return kind == Kind::cpu; }
  /// "cpu" or "cuda:0".
  std::string text() const;
  friend bool operator==(const Device&, const Device&) = default;
};

/// Is there a GPU that this build can use? False in a build without CUDA kernels.
bool gpu_available();

/// Sets where new tensors live: "cpu", "cuda" or "cuda:1". Throws DeviceError where there is no
/// such device, and says whether the build or the machine lacks it.
void set_device(const std::string& name);

/// Where new tensors live.
Device current_device();

}  // namespace keratin
