// Runs the threads of emulated blocks: one fiber a CUDA thread, blocks spread over OS threads. What
// a kernel asks for by itself goes through here: barriers, exchanges within a warp, shared memory,
// copies that complete later. What hardware leaves undefined is reported and ends the launch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

namespace cuda_emulation {

/// In which order the threads of a block, and the blocks, get their turns. Right kernels give the
/// same results in every order.
enum class Order : std::uint8_t { forward, backward, random };
void set_order(Order order, std::uint64_t seed = 1);
/// OS threads for one launch, 1 to 64.
void set_os_threads(int count);

/// What was wrong with the last launches, oldest first; takes them from the list.
std::vector<std::string> take_reports();

inline constexpr unsigned kWarp = 32;
inline constexpr std::size_t kMaxStaticShared = std::size_t{48} << 10,
                             kMaxShared = std::size_t{227} << 10;  // as Hopper has

/// CUDA threads begun so far, of all launches.
std::uint64_t threads_begun();
/// Does TSan watch them? Each then takes some 100 times as long to begin.
bool under_tsan();

/// Bank conflicts since the last call: of ldmatrix always; of load_shared from the call with `loads`
/// on.
std::int64_t take_bank_conflicts(bool loads = false);

/// Runs body(argument) once a CUDA thread. False if something was reported.
bool run_blocks(const char* kernel, dim3 grid, dim3 block, std::size_t dynamic_shared,
                void (*body)(const void*), const void* argument);

// For code that runs as a CUDA thread.

/// Waits for all threads of the block, at this line.
void barrier(const char* file, unsigned line);
unsigned lane();
/// Every lane of `mask` hands in `size` <= kSlot bytes; gives all lanes' slots, valid until the next
/// exchange.
inline constexpr std::size_t kSlot = 32;
using Slots = const unsigned char (*)[kSlot];
Slots exchange(unsigned mask, const void* value, std::size_t size, const char* file, unsigned line);
/// Orders the warp's memory accesses before and after an exchange (__syncwarp), for TSan.
void warp_release(unsigned mask);
void warp_acquire(unsigned mask);
/// The block's shared variable of this key, made at first use: on the heap, all bytes 0xFF (floats
/// are NaN).
void* shared_variable(const void* key, std::size_t size);
void* dynamic_shared();

/// Shared memory has 32 banks of 4 bytes. Counts the passes that the 32 or fewer accesses `at` of
/// `bytes` each, which hardware takes together, need beyond the first.
void count_bank_conflicts(const void* const* at, unsigned count, unsigned bytes);
/// Are accesses by load_shared counted too? They then cost an exchange each.
bool counts_loads();

/// An asynchronous copy: `copied` bytes, then zeros up to `size`. It happens at the wait, the
/// latest time that hardware allows.
struct AsyncCopy {
  void* to;
  const void* from;
  unsigned size, copied;
  std::int64_t group;
};
void async_copy(const AsyncCopy& copy);
void async_commit();
/// One by one, copies of all groups but the last `left`; false when there are no more.
bool async_take(int left, AsyncCopy& copy);

/// Reports, and ends the launch; does not return to the CUDA thread.
[[noreturn]] void fault(std::string what, const char* file = nullptr, unsigned line = 0);

}  // namespace cuda_emulation

extern constinit thread_local uint3 threadIdx, blockIdx;
extern constinit thread_local dim3 blockDim, gridDim;
