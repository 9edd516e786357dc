// What kernels ran while a function did: the raw material of traces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/run.h"

namespace keratin::detail {

struct RecordedCall {
  kernels::KernelCall call;  // its shape is kept by the recording
  const kernels::Scope* scope;
  std::string_view op;
  std::uint64_t op_call;
  bool backward;
  int thread;                   // 0: the one that records; others by number, in no order
  std::int64_t in_use, cached;  // bytes of tensors when it ended
};

struct KernelRecording {
  std::vector<RecordedCall> calls;  // in the order in which they ended
  double start = 0, seconds = 0;    // of the whole, on the steady clock
  std::vector<std::unique_ptr<std::max_align_t[]>> shapes;
};

/// Runs `f` and records every kernel call meanwhile, those of other threads too. Throws ValueError,
/// naming `what`, where another recording runs. What `f` throws comes out.
KernelRecording record_kernels(const char* what, const std::function<void()>& f);

}  // namespace keratin::detail
