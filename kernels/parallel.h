// The one thread pool of the house.
#pragma once

#include <cstdint>

#include "kernels/function_ref.h"

namespace keratin::kernels {

/// How many threads work on a kernel: KERATIN_THREADS, else the cores that affinity and cgroup
/// allow.
int thread_count();

/// Changes it, for tests and benchmarks. 1 <= count <= 1024. Not while kernels run.
void set_thread_count(int count);

/// Calls `body(first, last)` for pieces [0, grain), [grain, 2 grain) ... of [0, count), on all
/// threads; returns when all are done. Pieces depend on `count` and `grain` alone, so a kernel that
/// derives `grain` from its shape computes the same bits on any number of threads. One piece, a
/// call from within a body, or a pool that is busy with another thread's call: runs here, in order.
/// The first exception of a body is thrown here, when all pieces are done.
void parallel_for(std::int64_t count, std::int64_t grain,
                  FunctionRef<void(std::int64_t first, std::int64_t last)> body);

/// A grain that makes pieces of at least `work` units where one item costs `work_per_item` units.
/// Rule of thumb: a unit is one element read or one multiply-add; below 32,768 a piece is not worth
/// waking a thread.
constexpr std::int64_t grain_for(std::int64_t work_per_item, std::int64_t work = 32768) {
  const std::int64_t per_item = work_per_item > 0 ? work_per_item : 1;
  return work / per_item > 1 ? work / per_item : 1;
}

/// The multiply-adds, 1 to 3 us of them, from which a piece of a product or convolution is worth it.
inline constexpr std::int64_t kPieceWork = 1 << 17;

}  // namespace keratin::kernels
