// What tensors take of each GPU, as Storage counts it.
#pragma once

#include <cstdint>
#include <vector>

namespace keratin::detail {

struct GpuTensorStats {
  std::int64_t bytes_in_use = 0, peak_bytes_in_use = 0;
  std::int64_t allocations = 0;  // of tensors, ever
};
/// By the GPU's number; as many as were ever used.
std::vector<GpuTensorStats> gpu_tensor_stats();

}  // namespace keratin::detail
