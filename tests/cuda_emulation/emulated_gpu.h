// The library's CUDA side on the emulation, for tests: kernels' rungs, or the device cuda:0.
#pragma once

#include "kernels/accelerator.h"

namespace keratin::tests {

/// With KERATIN_TEST_GPU=1, in a build with CUDA: the tests that use the emulation run on the GPU of
/// this machine instead.
bool on_real_gpu();

/// ... or the real one.
kernels::Accelerator& emulated_gpu();

/// The rungs that belong to a ladder of the CPU, given by its address.
kernels::BoundRungs emulated_rungs(const void* ladder);

/// Threads take their turns in another order from now on; gives its name.
const char* use_next_emulated_order();

/// cuda:0 is the emulated GPU until the end of scope, and the default device the CPU after it.
class WithEmulatedGpu {
 public:
  WithEmulatedGpu() : before_(kernels::set_accelerator(&emulated_gpu())) {}
  ~WithEmulatedGpu();
  WithEmulatedGpu(const WithEmulatedGpu&) = delete;
  WithEmulatedGpu& operator=(const WithEmulatedGpu&) = delete;

 private:
  kernels::Accelerator* before_;
};

}  // namespace keratin::tests
