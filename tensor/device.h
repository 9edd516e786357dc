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
  /// From "cpu", "cuda" (the first GPU) or "cuda:1". Throws DeviceError where there is no such
  /// device, and says whether the build or the machine lacks it; `what` is who asks.
  static Device named(const std::string& name, const char* what = "device");
  friend bool operator==(const Device&, const Device&) = default;
};

/// Is there a GPU that this build can use? False in a build without CUDA kernels.
bool gpu_available();

/// Sets the default device: "cpu", "cuda" or "cuda:1". Layers that are built from now on have their
/// weights there, and a model made of them computes there; fit, evaluate and predict take batches
/// over. Nothing else moves by itself: tensors are made on the CPU, and Tensor::to moves them. Throws
/// DeviceError where there is no such device.
void set_device(const std::string& name);

/// The default device: what set_device said; else the environment's KERATIN_DEVICE; else the first
/// GPU where there is one that this build can use, or the CPU. Throws DeviceError where
/// KERATIN_DEVICE names no device.
Device device();

namespace detail {
/// What the environment says: the value of KERATIN_DEVICE, or nullptr.
Device device_named_by(const char* name);
}  // namespace detail

/// What tensors take up on a GPU, in bytes.
struct GpuMemoryStats {
  std::int64_t bytes_in_use = 0;                 // in living tensors
  std::int64_t bytes_held = 0;                   // with what is kept for reuse
  std::int64_t bytes_free = 0, bytes_total = 0;  // of the GPU
};
/// Throws DeviceError for the CPU; see memory_stats() there.
GpuMemoryStats gpu_memory_stats(const std::string& name = "cuda");

/// Waits until everything begun on this device is done. Throws Error where something failed.
void synchronize(const std::string& name = "cuda");

}  // namespace keratin
