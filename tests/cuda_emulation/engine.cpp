#include "tests/cuda_emulation/engine.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>
#include <utility>

#include "tests/cuda_emulation/worker.h"

constinit thread_local uint3 threadIdx{0, 0, 0}, blockIdx{0, 0, 0};
constinit thread_local dim3 blockDim{1, 1, 1}, gridDim{1, 1, 1};

namespace cuda_emulation {
namespace {

std::uint64_t order_seed = 1;
int os_threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2U, 8U));

std::atomic<std::int64_t> bank_conflicts{0};
std::atomic<std::uint64_t> all_threads_begun{0};
std::atomic<bool> loads_counted{false};

std::mutex reports_mutex;
std::vector<std::string> reports;

// Where TSan sees a launch begin and end. Two: one for both would order blocks after each other.
char launch_begins, launch_ends;

}  // namespace

thread_local Worker* worker = nullptr;
Order thread_order = Order::forward;

void Worker::report(const std::string& what, const Thread* thread, const char* file,
                    unsigned line) {
  failed = true;
  std::string text = std::string(kernel_) + ": " + what;
  if (file != nullptr) text += std::string(" at ") + file + ":" + std::to_string(line);
  const auto triple = [](uint3 at) {
    return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) +
           ")";
  };
  text += "; block " + triple(blockIdx);
  if (thread != nullptr) text += ", thread " + triple(thread->index);
  const std::lock_guard lock(reports_mutex);
  if (reports.size() < 32) reports.push_back(text);
}

// A fiber runs thread after thread until one of them waits: kernels without barriers need one
// fiber.
void Worker::fiber_body(void* self) {
  auto& w = *static_cast<Worker*>(self);
  for (;;) {
    while (w.started_ < w.order_.size() && !w.failed) {
      Thread& thread = w.threads_[w.order_[w.started_++]];
      thread.fiber = w.idle_.back();  // the scheduler has put this fiber there
      w.idle_.pop_back();
      w.current = &thread;
      ::threadIdx = thread.index;
      acquire(&launch_begins);
      w.body_(w.argument_);
      release(&launch_ends);
      Thread& ended = *w.current;
      ended.state = State::done;
      ++w.done_;
      w.idle_.push_back(ended.fiber);
      if (kTsan) break;  // a fiber a thread, or TSan would take two threads for one
    }
    Fiber::yield();
  }
}

void Worker::arrange(std::vector<unsigned>& order) {
  if (thread_order == Order::random) std::shuffle(order.begin(), order.end(), random);
}

void Worker::start_more() {
  while (started_ < order_.size() && !failed) {
    if (idle_.empty() || (kTsan && fibers_.size() < threads_.size())) {
      fibers_.push_back(std::make_unique<Fiber>(&Worker::fiber_body, this));
      idle_.push_back(fibers_.back().get());
    } else if (kTsan && idle_.size() > 1) {
      std::rotate(idle_.begin(), idle_.begin() + 1, idle_.end());
    }
    idle_.back()->resume();
  }
}

void Worker::run(const char* kernel, dim3 block, uint3 at, std::size_t dynamic_bytes,
                 void (*body)(const void*), const void* argument) {
  kernel_ = kernel;
  body_ = body;
  argument_ = argument;
  failed = false;
  ::blockIdx = at;
  const std::size_t count = std::size_t{block.x} * block.y * block.z;
  threads_.resize(count);
  meetings_.resize(count);
  for (unsigned i = 0; i < count; ++i) {
    Thread& thread = threads_[i];
    thread.index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
    thread.linear = i;
    thread.state = State::ready;
    thread.fiber = nullptr;
    thread.copies.clear();
    thread.copies.reserve(kTsan ? 64 : 0);
    thread.copies_done = 0;
    thread.copy_group = 0;
    thread.mbarrier = nullptr;
    thread.unpublished.clear();
    thread.unpublished.reserve(kTsan ? 64 : 0);
    thread.products.clear();
    thread.products.reserve(kTsan ? 64 : 0);
    thread.products_done = 0;
    thread.product_group = 0;
    thread.fenced = false;
    meetings_[i].arrived = 0;
  }
  order_.resize(count);
  std::iota(order_.begin(), order_.end(), 0U);
  if (thread_order == Order::backward) std::reverse(order_.begin(), order_.end());
  arrange(order_);
  started_ = done_ = 0;
  // Here, not in a thread: TSan would take what they allocate for an access.
  idle_.reserve(count);
  shared_.reserve(64);
  box_copies.clear();
  box_copies.reserve(kTsan ? 256 : 0);
  if (kTsan) map_arena();
  dynamic = dynamic_bytes == 0 ? nullptr : new_shared(nullptr, dynamic_bytes);
  dynamic_size = dynamic_bytes;
  static_shared_ = 0;

  start_more();
  while (done_ < count && !failed) {
    bool progress = false;
    arrange(order_);
    for (const unsigned i : order_) {
      Thread& thread = threads_[i];
      if (thread.state == State::at_mbarrier && may_go_on(*this, thread))
        thread.state = State::ready;
      if (thread.state != State::ready || thread.fiber == nullptr || failed) continue;
      progress = true;
      current = &thread;
      ::threadIdx = thread.index;
      thread.fiber->resume();
    }
    if (!progress && !failed) release_barrier();
  }
  if (!box_copies.empty() && !failed)
    report("a copy by TMA that nobody has waited for when the block ends", nullptr, nullptr, 0);
  if (failed) {  // their stacks hold threads that will never go on
    fibers_.clear();
    idle_.clear();
    meetings_.clear();
  }
  free_shared();
}

void Worker::release_barrier() {
  const Thread* first = nullptr;
  for (const Thread& thread : threads_) {
    if (thread.state == State::at_mbarrier) {
      return report("deadlock: the phase of an mbarrier never completes", &thread, thread.file,
                    thread.line);
    }
  }
  for (const Thread& thread : threads_) {
    if (thread.state == State::in_warp) {
      return report("deadlock: a lane waits for others of its mask that never come", &thread,
                    thread.file, thread.line);
    }
    if (thread.state != State::at_barrier) continue;
    if (first == nullptr) first = &thread;
    if (thread.line != first->line || std::strcmp(thread.file, first->file) != 0) {
      return report("threads of one block wait at different __syncthreads, this one and " +
                        std::string(first->file) + ":" + std::to_string(first->line),
                    &thread, thread.file, thread.line);
    }
  }
  if (done_ != 0) {
    return report("deadlock: __syncthreads after threads of the block have returned", first,
                  first->file, first->line);
  }
  for (Thread& thread : threads_) thread.state = State::ready;
  ++barriers_;
}

void Worker::wait_at_barrier(const char* file, unsigned line) {
  Thread& thread = *current;
  thread.file = file;
  thread.line = line;
  thread.state = State::at_barrier;
  char* const sync = &barrier_sync_[barriers_ & 1];
  release(sync);
  Fiber::yield();
  acquire(sync);
}

Slots Worker::meet(unsigned asked, const void* value, std::size_t size, const char* file,
                   unsigned line) {
  Thread& thread = *current;
  const unsigned mine = 1U << (thread.linear % kWarp), mask = existing(asked);
  if ((mask & mine) == 0) fault("a lane's mask leaves out the lane itself", file, line);
  Meeting& meeting = this->meeting(mask);
  if (meeting.arrived == 0) meeting.mask = mask;
  if (meeting.mask != mask) fault("lanes of a warp meet with different masks", file, line);
  unsigned char(*slots)[kSlot] = meeting.slots[meeting.generation & 1];
  // Not memcpy, which TSan watches.
  const auto* const bytes = static_cast<const volatile unsigned char*>(value);
  for (std::size_t i = 0; i < size; ++i) slots[thread.linear % kWarp][i] = bytes[i];
  meeting.arrived |= mine;
  thread.generation = meeting.generation;
  if (meeting.arrived == mask) {
    meeting.arrived = 0;
    ++meeting.generation;
    for (unsigned i = 0; i < kWarp; ++i) {
      if ((mask >> i & 1) != 0) threads_[thread.linear / kWarp * kWarp + i].state = State::ready;
    }
  } else {
    thread.file = file;
    thread.line = line;
    thread.state = State::in_warp;
    Fiber::yield();
  }
  return slots;
}

unsigned char* Worker::new_shared(const void* key, std::size_t size) {
  unsigned char* memory = nullptr;
  if (kTsan) {
    memory = arena_ + arena_used_;
    arena_used_ += (size + 15) / 16 * 16;
    if (arena_used_ > kArena) fault("more than 256 KiB of shared memory");
  } else {
    memory = static_cast<unsigned char*>(::operator new(size, std::align_val_t(16)));
    std::memset(memory, 0xFF, size);
  }
  shared_.push_back({key, memory});
  return memory;
}

// TSan takes mmap and memset for accesses of whoever calls them: the scheduler, before the threads
// begin. A mapping a block that uses it, as in recycled memory TSan would see races with earlier
// blocks.
void Worker::map_arena() {
  if (arena_ == nullptr) {
    void* const memory =
        mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    std::memset(memory, 0xFF, kArena);
    arena_ = static_cast<unsigned char*>(memory);
  }
  arena_used_ = 0;
  release(&launch_begins);
}

void Worker::free_shared() {
  if (kTsan) {
    if (arena_used_ > 0) {
      munmap(arena_, kArena);
      arena_ = nullptr;
    }
  } else {
    for (const SharedVariable& variable : shared_)
      ::operator delete(variable.memory, std::align_val_t(16));
  }
  shared_.clear();
}

void* Worker::variable(const void* key, std::size_t size) {
  for (const SharedVariable& variable : shared_)
    if (variable.key == key) return variable.memory;
  static_shared_ += size;
  if (static_shared_ > kMaxStaticShared) {
    fault("more than 48 KiB of static shared memory: " + std::to_string(static_shared_) +
          " bytes; use dynamic shared memory");
  }
  return new_shared(key, size);
}

void set_order(Order order, std::uint64_t seed) {
  thread_order = order;
  order_seed = seed;
}
void set_os_threads(int count) { os_threads = std::clamp(count, 1, 64); }

std::vector<std::string> take_reports() {
  const std::lock_guard lock(reports_mutex);
  return std::exchange(reports, {});
}

bool run_blocks(const char* kernel, dim3 grid, dim3 block, std::size_t dynamic_shared,
                void (*body)(const void*), const void* argument) {
  const std::uint64_t count = std::uint64_t{grid.x} * grid.y * grid.z;
  const std::uint64_t threads = count * block.x * block.y * block.z;
  all_threads_begun += threads;
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> all_well{true};
  release(&launch_begins);
  const auto work = [&](Worker& mine) {
    Worker* const before = std::exchange(worker, &mine);
    mine.random.seed(order_seed);
    ::blockDim = block;
    ::gridDim = grid;
    for (std::uint64_t i; all_well && (i = next++) < count;) {
      std::uint64_t at = thread_order == Order::backward ? count - 1 - i : i;
      // A step that shares no factor with the count visits every block once.
      if (thread_order == Order::random && std::gcd(count, std::uint64_t{7919}) == 1)
        at = (i % count * 7919 + order_seed) % count;
      const auto x = static_cast<unsigned>(at % grid.x);
      const auto y = static_cast<unsigned>(at / grid.x % grid.y);
      const auto z = static_cast<unsigned>(at / grid.x / grid.y);
      mine.run(kernel, block, {x, y, z}, dynamic_shared, body, argument);
      if (mine.failed) all_well = false;
    }
    worker = before;
  };
  // Fibers stay with their worker, workers in a stock; a small launch is not worth another OS
  // thread.
  static std::mutex stock_mutex;
  static auto* const stock = new std::vector<std::unique_ptr<Worker>>;
  const auto take = [&] {
    const std::lock_guard lock(stock_mutex);
    if (stock->empty()) return std::make_unique<Worker>();
    auto taken = std::move(stock->back());
    stock->pop_back();
    return taken;
  };
  const auto put_back = [&](std::unique_ptr<Worker> used) {
    const std::lock_guard lock(stock_mutex);
    stock->push_back(std::move(used));
  };
  const bool alone = !kTsan && threads < 4096;
  const auto helpers =
      alone ? 0 : std::min<std::uint64_t>(static_cast<std::uint64_t>(os_threads), count) - 1;
  std::vector<std::thread> others;
  for (std::uint64_t i = 0; i < helpers; ++i) {
    others.emplace_back([&] {
      auto mine = take();
      work(*mine);
      put_back(std::move(mine));
    });
  }
  auto mine = take();
  work(*mine);
  put_back(std::move(mine));
  for (std::thread& other : others) other.join();
  acquire(&launch_ends);
  return all_well;
}

void barrier(const char* file, unsigned line) { worker->wait_at_barrier(file, line); }
unsigned lane() { return worker->current->linear % kWarp; }
Slots exchange(unsigned mask, const void* value, std::size_t size, const char* file,
               unsigned line) {
  return worker->meet(mask, value, size, file, line);
}
void warp_release(unsigned mask) {
  Meeting& meeting = worker->meeting(worker->existing(mask));
  release(&meeting.sync[meeting.generation & 1]);
}
void warp_acquire(unsigned mask) {
  Meeting& meeting = worker->meeting(worker->existing(mask));
  acquire(&meeting.sync[worker->current->generation & 1]);
}
void* shared_variable(const void* key, std::size_t size) { return worker->variable(key, size); }
void* dynamic_shared() {
  if (worker->dynamic == nullptr) fault("dynamic shared memory, but the launch gives none");
  return worker->dynamic;
}

std::uint64_t threads_begun() { return all_threads_begun; }
bool under_tsan() { return kTsan; }

std::int64_t take_bank_conflicts(bool loads) {
  loads_counted = loads;
  return bank_conflicts.exchange(0);
}
bool counts_loads() { return loads_counted.load(std::memory_order_relaxed); }
void count_bank_conflicts(const void* const* at, unsigned count, unsigned bytes) {
  // Accesses of the same word are one.
  unsigned words[32] = {}, most = 0;
  for (unsigned i = 0; i < count; ++i) {
    bool seen = false;
    for (unsigned j = 0; j < i; ++j) seen = seen || at[i] == at[j];
    if (seen) continue;
    const auto word = reinterpret_cast<std::uintptr_t>(at[i]) / 4;
    for (unsigned k = 0; k < bytes / 4; ++k) most = std::max(most, ++words[(word + k) % 32]);
  }
  if (most > 1) bank_conflicts.fetch_add(most - 1, std::memory_order_relaxed);
}

void async_copy(const AsyncCopy& copy) {
  const auto unaligned = [&](const void* p) {
    return reinterpret_cast<std::uintptr_t>(p) % copy.size != 0;
  };
  if (unaligned(copy.to) || unaligned(copy.from))
    fault("cp.async of " + std::to_string(copy.size) + " bytes at an address that is not aligned");
  worker->current->copies.push_back(copy);
  worker->current->copies.back().group = worker->current->copy_group;
}
void async_commit() { ++worker->current->copy_group; }
bool async_take(int left, AsyncCopy& copy) {
  Thread& thread = *worker->current;
  if (thread.copies_done == thread.copies.size()) return false;
  const AsyncCopy& next = thread.copies[thread.copies_done];
  if (next.group >= thread.copy_group - left) return false;
  copy = next;
  if (++thread.copies_done == thread.copies.size()) {
    thread.copies.clear();
    thread.copies_done = 0;
  }
  return true;
}

void fault(std::string what, const char* file, unsigned line) {
  worker->report(what, worker->current, file, line);
  std::string().swap(what);  // nobody returns to this fiber's stack
  for (;;) Fiber::yield();
}

}  // namespace cuda_emulation
