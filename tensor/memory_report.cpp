#include "tensor/memory_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/accelerator.h"
#include "kernels/error.h"
#include "kernels/scratch.h"
#include "tensor/gpu_tensors.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace keratin {
namespace {

std::string name_of(Device device) { return device.is_cpu() ? "CPU" : device.text(); }

}  // namespace

std::string detail::bytes_text(std::int64_t bytes) {
  const auto b = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} KB", b * 1e-3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", b * 1e-6);
  return fmt::format("{:.2f} GB", b * 1e-9);
}

MemoryReport memory_report(MemoryReportOptions options) {
  if (options.largest < 0) {
    throw ValueError(fmt::format("memory_report: largest is {}; expected 0 or more tensors to list",
                                 options.largest));
  }
  struct Seen {
    const kernels::Scope* scope;
    bool backward;
    Shape shape;
    DType dtype;
    std::int64_t bytes;
    Device device;
  };
  std::vector<Seen> all;
  all.reserve(1024);
  detail::each_living_storage([&](const detail::Storage& storage) {
    all.push_back({storage.scope(), storage.made_backward(), storage.shape(), storage.dtype(),
                   static_cast<std::int64_t>(storage.capacity()), storage.device()});
  });
  const auto tensors_on = [&](const std::string& device) {
    return std::count_if(all.begin(), all.end(),
                         [&](const Seen& seen) { return name_of(seen.device) == device; });
  };
  const auto count = std::min(all.size(), static_cast<std::size_t>(options.largest));
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Seen& a, const Seen& b) { return a.bytes > b.bytes; });

  const MemoryStats stats = memory_stats();
  MemoryReport report;
  report.devices.push_back(
      {.device = "CPU",
       .tensors = tensors_on("CPU"),
       .bytes_in_use = stats.bytes_in_use,
       .bytes_held = stats.bytes_in_use + stats.bytes_cached,
       .peak_bytes_in_use = stats.peak_bytes_in_use,
       .working_bytes = kernels::scratch_bytes(),
       .system_allocations = stats.system_allocations + kernels::scratch_allocations()});
  const std::vector<detail::GpuTensorStats> gpus = detail::gpu_tensor_stats();
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i].allocations == 0 || kernels::accelerator() == nullptr) continue;
    const int index = static_cast<int>(i);
    const std::string device = fmt::format("cuda:{}", index);
    const kernels::GpuMemory memory = kernels::accelerator()->memory(index);
    report.devices.push_back(
        {.device = device,
         .tensors = tensors_on(device),
         .bytes_in_use = gpus[i].bytes_in_use,
         .bytes_held = memory.held,
         .peak_bytes_in_use = gpus[i].peak_bytes_in_use,
         .working_bytes = std::max<std::int64_t>(0, memory.in_use - gpus[i].bytes_in_use),
         .system_allocations = gpus[i].allocations,
         .bytes_free = memory.free,
         .bytes_total = memory.total});
  }
  report.tensors = static_cast<std::int64_t>(all.size());
  for (std::size_t i = 0; i < count; ++i) {
    report.largest.push_back({.layer = all[i].scope == nullptr ? "" : all[i].scope->path(),
                              .backward = all[i].backward,
                              .shape = all[i].shape,
                              .dtype = all[i].dtype,
                              .bytes = all[i].bytes,
                              .device = name_of(all[i].device)});
  }
  return report;
}

std::string MemoryReport::text() const {
  std::string out;
  for (const DeviceMemory& device : devices) {
    out += fmt::format(
        "{}: {} in {} tensors, {} at the peak; {} held{}\n"
        "{} of working memory for kernels; {} was asked {} times\n",
        device.device, detail::bytes_text(device.bytes_in_use), device.tensors,
        detail::bytes_text(device.peak_bytes_in_use), detail::bytes_text(device.bytes_held),
        device.bytes_total == 0
            ? ""
            : fmt::format(", {} free of {}", detail::bytes_text(device.bytes_free),
                          detail::bytes_text(device.bytes_total)),
        detail::bytes_text(device.working_bytes),
        device.bytes_total == 0 ? "the system" : "its pool", device.system_allocations);
  }
  if (!largest.empty()) out += "largest tensors:\n";
  for (const LivingTensor& tensor : largest) {
    out += fmt::format("{:>10}  {:<24} {}{}{}\n", detail::bytes_text(tensor.bytes),
                       Spec{tensor.shape, tensor.dtype, {}}.text(),
                       tensor.layer.empty() ? "-" : tensor.layer,
                       tensor.backward ? ", a gradient" : "",
                       tensor.device == "CPU" ? "" : ", on " + tensor.device);
  }
  return out;
}

}  // namespace keratin
