// The library's CUDA side on the emulation, for tests: kernels' rungs, or the device cuda:0.
#pragma once

#include <cstdint>

#include "kernels/accelerator.h"

namespace keratin::tests {

/// With KERATIN_TEST_GPU=1, in a build with CUDA: the tests that use the emulation run on the GPU of
/// this machine instead.
bool on_real_gpu();

/// ... or the real one.
kernels::Accelerator& emulated_gpu();

/// The rungs that belong to a ladder of the CPU, given by its address.
kernels::BoundRungs emulated_rungs(const void* ladder);

/// With KERATIN_TEST_RUNGS=emulated: of the CPU's rungs the first alone is wanted.
bool only_emulated_rungs();

/// Has the rung, given by any address of its own, had its share of CUDA threads? It runs its test
/// rows in their order until then: with KERATIN_TEST_RUNGS=emulated, 60,000; 10,000 under TSan,
/// where each takes long to begin, and a large row only if it is the first. Else never.
bool has_had_its_share(const void* rung, bool large);
/// Until the end of scope, CUDA threads are the rung's.
class OnAccountOf {
 public:
  explicit OnAccountOf(const void* rung);
  ~OnAccountOf();
  OnAccountOf(const OnAccountOf&) = delete;
  OnAccountOf& operator=(const OnAccountOf&) = delete;

 private:
  const void* rung_;
  std::uint64_t before_;
};

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
