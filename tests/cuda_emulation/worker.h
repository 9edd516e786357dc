// What the emulation's own sources share: the OS thread that runs an emulated block, and its CUDA
// threads.
#pragma once

#include <bit>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/cuda_emulation/asynchronous.h"
#include "tests/cuda_emulation/engine.h"
#include "tests/cuda_emulation/fiber.h"
#include "tests/cuda_emulation/sanitizers.h"
#include "tests/cuda_emulation/warpgroup.h"

namespace cuda_emulation {

#ifdef CUDA_EMULATION_TSAN
inline constexpr bool kTsan = true;
inline void release(void* at) { __tsan_release(at); }
inline void acquire(void* at) { __tsan_acquire(at); }
/// While one lives, TSan takes what is copied and allocated for no access of the CUDA thread.
class Unwatched {
 public:
  Unwatched() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Unwatched() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};
#else
inline constexpr bool kTsan = false;
inline void release(void*) {}
inline void acquire(void*) {}
class Unwatched {
 public:
  Unwatched() {}
};
#endif

inline constexpr std::size_t kArena = std::size_t{256} << 10;

enum class State : std::uint8_t { ready, at_barrier, in_warp, at_mbarrier, done };

struct Thread {
  uint3 index{};
  unsigned linear = 0;
  State state = State::done;
  Fiber* fiber = nullptr;
  const char* file = nullptr;  // where it waits
  unsigned line = 0;
  std::uint64_t generation = 0;   // of its last exchange
  std::vector<AsyncCopy> copies;  // in order of their groups
  std::size_t copies_done = 0;
  std::int64_t copy_group = 0;
  const std::uint64_t* mbarrier = nullptr;  // that it waits for, and the phase's parity
  unsigned parity = 0;
  std::vector<std::uint64_t*> unpublished;  // mbarriers that it has initialized
  std::vector<WarpgroupProduct> products;   // under way, in order of their groups
  std::size_t products_done = 0;
  std::int64_t product_group = 0;
  bool fenced = false;  // may a product begin?
};

// The lanes that meet under one mask.
struct Meeting {
  unsigned mask = 0, arrived = 0;
  std::uint64_t generation = 0;
  char sync[2] = {};  // used in turn, so that TSan sees who is a barrier ahead
  alignas(16) unsigned char slots[2][kWarp][kSlot] = {};
};

struct SharedVariable {
  const void* key;
  unsigned char* memory;
};

// One an OS thread; runs one block at a time.
class Worker {
 public:
  void run(const char* kernel, dim3 block, uint3 at, std::size_t dynamic, void (*body)(const void*),
           const void* argument);

  void wait_at_barrier(const char* file, unsigned line);
  Slots meet(unsigned mask, const void* value, std::size_t size, const char* file, unsigned line);
  Meeting& meeting(unsigned mask) {
    const unsigned first = current->linear / kWarp * kWarp;
    return meetings_[first + static_cast<unsigned>(std::countr_zero(mask))];
  }
  unsigned existing(unsigned mask) const {  // the last warp of a block may be short
    const auto lanes = static_cast<unsigned>(threads_.size()) - current->linear / kWarp * kWarp;
    return lanes < kWarp ? mask & ((1U << lanes) - 1) : mask;
  }
  void* variable(const void* key, std::size_t size);
  void report(const std::string& what, const Thread* thread, const char* file, unsigned line);

  bool failed = false;
  Thread* current = nullptr;
  unsigned char* dynamic = nullptr;
  std::size_t dynamic_size = 0;
  std::vector<BoxCopy> box_copies;  // that are under way
  std::mt19937_64 random;

 private:
  static void fiber_body(void* worker);
  void start_more();
  void release_barrier();
  void arrange(std::vector<unsigned>& order);
  unsigned char* new_shared(const void* key, std::size_t size);
  void map_arena();
  void free_shared();

  const char* kernel_ = "";
  void (*body_)(const void*) = nullptr;
  const void* argument_ = nullptr;
  std::vector<Thread> threads_;
  std::vector<Meeting> meetings_;
  std::vector<unsigned> order_;
  std::size_t started_ = 0, done_ = 0;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  std::vector<SharedVariable> shared_;
  std::size_t static_shared_ = 0;
  unsigned char* arena_ = nullptr;  // of shared memory, under TSan
  std::size_t arena_used_ = 0;
  std::uint64_t barriers_ = 0;
  char barrier_sync_[2] = {};
};

extern thread_local Worker* worker;
extern Order thread_order;

/// May a thread that waits at an mbarrier look at it again?
bool may_go_on(const Worker& worker, const Thread& thread);

}  // namespace cuda_emulation
