// Counts what kernels on the emulated GPU ask of global memory. They are compiled with
// -fsanitize=thread, and the calls that the compiler puts before each access arrive here instead of
// in TSan.
#pragma once

#include <cstdint>

namespace keratin::bench {

/// Bytes of global memory.
struct Traffic {
  std::int64_t requested = 0;  // by threads
  std::int64_t moved = 0;  // in sectors of 32 bytes, of those that a warp's lanes ask for together
  std::int64_t touched = 0;  // in sectors, each counted once for reading and once for writing
};

/// From now on; on this thread, which runs all blocks.
void start_counting();
Traffic stop_counting();

}  // namespace keratin::bench
