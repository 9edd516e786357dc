#include "tests/cuda_emulation/emulated_gpu.h"

#include <cstdint>

#include "tensor/device.h"
#include "tests/cuda_emulation/engine.h"

namespace keratin::kernels::emulated {
Accelerator& runtime();  // kernels/cuda/runtime.cu, compiled for the emulation
}

namespace keratin::tests {

kernels::Accelerator& emulated_gpu() { return kernels::emulated::runtime(); }

kernels::BoundRungs emulated_rungs(const void* ladder) { return emulated_gpu().rungs(ladder); }

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
