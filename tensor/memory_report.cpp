#include "tensor/memory_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/error.h"
#include "kernels/scratch.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"

namespace keratin {
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
  };
  std::vector<Seen> all;
  all.reserve(1024);
  detail::each_living_storage([&](const detail::Storage& storage) {
    all.push_back({storage.scope(), storage.made_backward(), storage.shape(), storage.dtype(),
                   static_cast<std::int64_t>(storage.capacity())});
  });
  const auto count = std::min(all.size(), static_cast<std::size_t>(options.largest));
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [](const Seen& a, const Seen& b) { return a.bytes > b.bytes; });

  const MemoryStats stats = memory_stats();
  MemoryReport report;
  report.devices.push_back(
      {.device = "CPU",
       .bytes_in_use = stats.bytes_in_use,
       .bytes_held = stats.bytes_in_use + stats.bytes_cached,
       .peak_bytes_in_use = stats.peak_bytes_in_use,
       .working_bytes = kernels::scratch_bytes(),
       .system_allocations = stats.system_allocations + kernels::scratch_allocations()});
  report.tensors = static_cast<std::int64_t>(all.size());
  for (std::size_t i = 0; i < count; ++i) {
    report.largest.push_back({.layer = all[i].scope == nullptr ? "" : all[i].scope->path(),
                              .backward = all[i].backward,
                              .shape = all[i].shape,
                              .dtype = all[i].dtype,
                              .bytes = all[i].bytes});
  }
  return report;
}

std::string MemoryReport::text() const {
  std::string out;
  for (const DeviceMemory& device : devices) {
    out += fmt::format(
        "{}: {} in {} tensors, {} at the peak; {} held\n"
        "{} of working memory for kernels; the system was asked {} times\n",
        device.device, detail::bytes_text(device.bytes_in_use), tensors,
        detail::bytes_text(device.peak_bytes_in_use), detail::bytes_text(device.bytes_held),
        detail::bytes_text(device.working_bytes), device.system_allocations);
  }
  if (!largest.empty()) out += "largest tensors:\n";
  for (const LivingTensor& tensor : largest) {
    out += fmt::format("{:>10}  {:<24} {}{}\n", detail::bytes_text(tensor.bytes),
                       Spec{tensor.shape, tensor.dtype, {}}.text(),
                       tensor.layer.empty() ? "-" : tensor.layer,
                       tensor.backward ? ", a gradient" : "");
  }
  return out;
}

}  // namespace keratin
