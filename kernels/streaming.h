// Results that go past the caches. An ordinary store reads its line from memory first; a
// non-temporal one does not, which pays where nobody finds the line in a cache anyway.
#pragma once

#include <cstdint>

#include "kernels/crossovers.h"

namespace keratin::kernels {

/// Is a task that reads and writes so many bytes in all larger than the last-level cache?
inline bool beyond_caches(double bytes) {
  return bytes > static_cast<double>(crossovers().streamed_bytes);
}

/// May a result be written past the caches vector by vector: is the task larger than they are, and do
/// all lines of `floats` elements from `to` on begin and end where vectors of any length do?
inline bool streams_lines(double bytes, const float* to, std::int64_t floats) {
  return beyond_caches(bytes) && floats % 16 == 0 && reinterpret_cast<std::uintptr_t>(to) % 64 == 0;
}

/// Copies n floats with non-temporal stores; `to` need not be aligned beyond a float. Meanwhile it
/// asks for the lines of the `ahead` floats that follow `next` and `next2`, which would else be read
/// only when all is written.
void stream_out(const float* from, float* to, std::int64_t n, std::int64_t ahead = 0,
                const float* next = nullptr, const float* next2 = nullptr);

/// To be called after the last stream_out of a piece of work, before other threads may read it.
void finish_streaming();

}  // namespace keratin::kernels
