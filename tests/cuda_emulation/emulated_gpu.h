// The library's CUDA kernels as the emulation runs them, for tests.
#pragma once

#include "kernels/cuda_ladder.h"

namespace keratin::tests {

/// The rungs that belong to a ladder of the CPU, given by its address.
kernels::BoundRungs emulated_rungs(const void* ladder);

/// Threads take their turns in another order from now on; gives its name.
const char* use_next_emulated_order();

}  // namespace keratin::tests
