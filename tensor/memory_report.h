#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace keratin {

struct MemoryReportOptions {
  std::int64_t largest = 10;  // how many tensors to list
};

struct DeviceMemory {
  std::string device;                  // "CPU", "cuda:0"
  std::int64_t tensors = 0;            // that live there
  std::int64_t bytes_in_use = 0;       // in them
  std::int64_t bytes_held = 0;         // and what was freed and is kept for reuse
  std::int64_t peak_bytes_in_use = 0;  // since the program began
  // Kernels' own: kept for the next call; on a GPU, in use by what is under way.
  std::int64_t working_bytes = 0;
  // How often the system was asked for any of it; of a GPU, its pool for tensors.
  std::int64_t system_allocations = 0;
  std::int64_t bytes_free = 0, bytes_total = 0;  // of a GPU; 0 for the CPU
};

/// A tensor that lives. Tensors that share storage are one, of the shape that it was made for.
struct LivingTensor {
  std::string layer = {};  // or optimizer, loss, metric in which it was made; "" outside of any
  bool backward = false;   // made on the way back: a gradient
  Shape shape = {};
  DType dtype = DType::float32;
  std::int64_t bytes = 0;  // that it takes, rounded up as they were
  std::string device = "CPU";
};

/// Where memory is, as it was when memory_report() looked.
struct MemoryReport {
  std::vector<DeviceMemory> devices;  // the CPU, then the GPUs that tensors were made on
  std::vector<LivingTensor> largest;  // downwards
  std::int64_t tensors = 0;           // that live, on all devices

  /// For the terminal: a line or two for a device, then the largest tensors with their layers.
  std::string text() const;
};

/// Throws ValueError unless options.largest >= 0.
///
///     fmt::print("{}", memory_report().text());
MemoryReport memory_report(MemoryReportOptions options = {});

namespace detail {
/// "1.5 MB".
std::string bytes_text(std::int64_t bytes);
}  // namespace detail

}  // namespace keratin
