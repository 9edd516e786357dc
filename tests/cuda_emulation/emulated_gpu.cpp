#include "tests/cuda_emulation/emulated_gpu.h"

#include <cstdint>

#include "tests/cuda_emulation/engine.h"

namespace keratin::kernels::emulated {
BoundRungs bound_rungs(const void* ladder);  // kernels/cuda/ladders.cu, compiled for the emulation
}

namespace keratin::tests {

kernels::BoundRungs emulated_rungs(const void* ladder) {
  return kernels::emulated::bound_rungs(ladder);
}

const char* use_next_emulated_order() {
  static int next = 0;
  static constexpr const char* kNames[] = {"forward", "backward", "random"};
  const int order = next++ % 3;
  cuda_emulation::set_order(static_cast<cuda_emulation::Order>(order),
                            static_cast<std::uint64_t>(next));
  return kNames[order];
}

}  // namespace keratin::tests
