#include "tests/cuda_emulation/emulated_gpu.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "kernels/error.h"
#include "tensor/device.h"
#include "tests/cuda_emulation/engine.h"

namespace keratin::kernels::emulated {
Accelerator& runtime();  // kernels/cuda/runtime.cu, compiled for the emulation
}

namespace keratin::tests {
namespace {
std::map<const void*, std::uint64_t> threads_of;  // rungs
}

bool on_real_gpu() {
  static const bool real = [] {
    const char* const wanted = std::getenv("KERATIN_TEST_GPU");
    return wanted != nullptr && std::string(wanted) == "1";
  }();
  return real;
}

kernels::Accelerator& emulated_gpu() {
  if (!on_real_gpu()) return kernels::emulated::runtime();
  static kernels::Accelerator* const real = kernels::accelerator();
  if (real == nullptr || real->count() == 0) {
    throw DeviceError(real == nullptr ? "KERATIN_TEST_GPU: this build has no CUDA kernels"
                                      : "KERATIN_TEST_GPU: " + real->missing());
  }
  return *real;
}

kernels::BoundRungs emulated_rungs(const void* ladder) { return emulated_gpu().rungs(ladder); }

bool only_emulated_rungs() {
  static const bool only = [] {
    const char* const wanted = std::getenv("KERATIN_TEST_RUNGS");
    return wanted != nullptr && std::string(wanted) == "emulated";
  }();
  return only;
}

bool has_had_its_share(const void* rung, bool large) {
  const bool slow = cuda_emulation::under_tsan();
  const std::uint64_t share = !slow ? 60'000 : large ? 1 : 10'000;
  return only_emulated_rungs() && threads_of[rung] >= share;
}
OnAccountOf::OnAccountOf(const void* rung)
    : rung_(rung), before_(cuda_emulation::threads_begun()) {}
OnAccountOf::~OnAccountOf() { threads_of[rung_] += cuda_emulation::threads_begun() - before_; }

const char* use_next_emulated_order() {
  static int next = 0;
  static constexpr const char* kNames[] = {"forward", "backward", "random"};
  const int order = next++ % 3;
  cuda_emulation::set_order(static_cast<cuda_emulation::Order>(order),
                            static_cast<std::uint64_t>(next));
  return kNames[order];
}

WithEmulatedGpu::~WithEmulatedGpu() {
  set_device("cpu");
  kernels::set_accelerator(before_);
}

}  // namespace keratin::tests
