// What graphs of the emulated GPU hold, and what went to it by itself.
#pragma once

#include <cstdint>
#include <functional>

#include "tests/cuda_emulation/runtime_api.h"

namespace cuda_emulation {

struct Work {
  std::int64_t kernels = 0, copies = 0, memsets = 0;
  std::int64_t all() const { return kernels + copies + memsets; }
};

/// Of the graph that was launched last; none: zeros.
Work last_graph();
/// Copies and memsets that no graph did, on all streams.
Work lone_transfers();

enum class Transfer : std::uint8_t { copy, memset };
/// Counts a transfer and, where the stream captures, notes it; else gives false.
bool note_transfer(Transfer kind, cudaStream_t stream, const std::function<void()>& work);

}  // namespace cuda_emulation
