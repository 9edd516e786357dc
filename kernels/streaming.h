// Results that go past the caches. An ordinary store reads its line from memory first; a
// non-temporal one does not, which pays where nobody finds the line in a cache anyway.
#pragma once

#include <cstdint>

namespace keratin::kernels {

/// Is a task that reads and writes so many bytes in all larger than the last-level cache? Taken as
/// 32 MiB on every machine, so that a rung depends on the shape alone.
constexpr bool beyond_caches(double bytes) { return bytes > 32.0 * (1 << 20); }

/// Copies n floats with non-temporal stores; `to` need not be aligned beyond a float.
void stream_out(const float* from, float* to, std::int64_t n);

/// To be called after the last stream_out of a piece of work, before other threads may read it.
void finish_streaming();

}  // namespace keratin::kernels
