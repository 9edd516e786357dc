#include "tests/cuda_emulation/asynchronous.h"

#include <algorithm>
#include <string>

#include "tests/cuda_emulation/worker.h"

namespace cuda_emulation {
namespace {

// An mbarrier's 64 bits, of which the PTX ISA says only what they count: arrivals that a phase
// takes, those still to come, bytes still to come, and the phase's parity.
struct Counts {
  unsigned expected, pending;
  std::int32_t bytes;
  unsigned parity;
  bool published;
};
constexpr std::uint64_t kCount = (1U << 20) - 1, kBytes = (1U << 21) - 1;
constexpr std::int32_t kMostBytes = (1 << 20) - 1;
constexpr unsigned kTag = 62;  // 1: initialized; 2: and published to TMA

std::uint64_t packed(const Counts& c) {
  return c.expected | std::uint64_t{c.pending} << 20 |
         (static_cast<std::uint64_t>(c.bytes) & kBytes) << 40 | std::uint64_t{c.parity} << 61 |
         std::uint64_t{c.published ? 2U : 1U} << kTag;
}

Counts counts_of(const std::uint64_t* barrier, const char* file, unsigned line) {
  const std::uint64_t word = *barrier, tag = word >> kTag;
  if (tag != 1 && tag != 2) fault("an mbarrier that nobody has initialized", file, line);
  const auto bytes = static_cast<std::int32_t>(word >> 40 & kBytes);
  return {static_cast<unsigned>(word & kCount), static_cast<unsigned>(word >> 20 & kCount),
          bytes > kMostBytes ? bytes - static_cast<std::int32_t>(kBytes + 1) : bytes,
          static_cast<unsigned>(word >> 61 & 1), tag == 2};
}

// For TSan: who has arrived in a phase comes before who waits for it, and who asks for a copy before
// who makes it.
void* sync_of_phase(const std::uint64_t* barrier, unsigned parity) {
  return const_cast<char*>(reinterpret_cast<const char*>(barrier)) + parity;
}
void* sync_of_copies(const std::uint64_t* barrier) { return sync_of_phase(barrier, 2); }

void store(std::uint64_t* barrier, Counts counts) {
  release(sync_of_phase(barrier, counts.parity));
  if (counts.pending == 0 && counts.bytes == 0) {
    counts.pending = counts.expected;
    counts.parity ^= 1;
  }
  *barrier = packed(counts);
}

void add_bytes(Counts& counts, std::int32_t bytes, const char* file, unsigned line) {
  counts.bytes += bytes;
  if (counts.bytes > kMostBytes || counts.bytes < -kMostBytes)
    fault("an mbarrier that waits for more than 2^20 - 1 bytes", file, line);
}

bool has_copies(const Worker& of, const std::uint64_t* barrier) {
  return std::any_of(of.box_copies.begin(), of.box_copies.end(),
                     [&](const BoxCopy& copy) { return copy.barrier == barrier; });
}

bool is_past(const std::uint64_t* barrier, unsigned parity) {
  return (*barrier >> 61 & 1) != (parity & 1);
}

}  // namespace

unsigned shared_address(const void* at) {
  const auto* const place = static_cast<const unsigned char*>(at);
  if (place < worker->dynamic || place > worker->dynamic + worker->dynamic_size)
    fault("not emulated: the address of shared memory that is not dynamic");
  return kDynamicShared + static_cast<unsigned>(place - worker->dynamic);
}
DynamicShared dynamic_part() {
  return {worker->dynamic, static_cast<unsigned>(worker->dynamic_size)};
}

void mbarrier_init(std::uint64_t* barrier, unsigned count, const char* file, unsigned line) {
  if (count == 0 || count > kCount)
    fault("an mbarrier of " + std::to_string(count) + " arrivals", file, line);
  *barrier = packed({count, count, 0, 0, false});
  const Unwatched unwatched;
  worker->current->unpublished.push_back(barrier);
}

void mbarrier_publish() {
  for (std::uint64_t* const barrier : worker->current->unpublished) {
    Counts counts = counts_of(barrier, nullptr, 0);
    counts.published = true;
    *barrier = packed(counts);
  }
  worker->current->unpublished.clear();
}

void mbarrier_expect(std::uint64_t* barrier, unsigned bytes, const char* file, unsigned line) {
  Counts counts = counts_of(barrier, file, line);
  add_bytes(counts, static_cast<std::int32_t>(bytes), file, line);
  *barrier = packed(counts);  // an arrival follows: the phase goes on
}

void mbarrier_arrive(std::uint64_t* barrier, const char* file, unsigned line) {
  Counts counts = counts_of(barrier, file, line);
  if (counts.pending == 0)
    fault("more arrivals in a phase of an mbarrier than it takes", file, line);
  --counts.pending;
  store(barrier, counts);
}

void mbarrier_complete(std::uint64_t* barrier, unsigned bytes, const char* file, unsigned line) {
  Counts counts = counts_of(barrier, file, line);
  add_bytes(counts, -static_cast<std::int32_t>(bytes), file, line);
  store(barrier, counts);
}

bool mbarrier_is_past(const std::uint64_t* barrier, unsigned parity, const char* file,
                      unsigned line) {
  counts_of(barrier, file, line);
  if (!is_past(barrier, parity)) return false;
  acquire(sync_of_phase(barrier, parity & 1));
  return true;
}

void mbarrier_yield(const std::uint64_t* barrier, unsigned parity, const char* file,
                    unsigned line) {
  Thread& thread = *worker->current;
  thread.mbarrier = barrier;
  thread.parity = parity;
  thread.file = file;
  thread.line = line;
  thread.state = State::at_mbarrier;
  Fiber::yield();
}

bool may_go_on(const Worker& of, const Thread& thread) {
  return is_past(thread.mbarrier, thread.parity) || has_copies(of, thread.mbarrier);
}

bool begin_box_copy(const BoxCopy& copy, const char* file, unsigned line) {
  if (!counts_of(copy.barrier, file, line).published) {
    fault("a TMA copy that reports to an mbarrier whose initialization no fence has published",
          file, line);
  }
  const bool at_once = thread_order == Order::backward ||
                       (thread_order == Order::random && (worker->random() & 1) != 0);
  if (!at_once) {
    release(sync_of_copies(copy.barrier));
    const Unwatched unwatched;
    worker->box_copies.push_back(copy);
  }
  return at_once;
}

bool take_box_copy(const std::uint64_t* barrier, BoxCopy& copy) {
  const Unwatched unwatched;
  auto& copies = worker->box_copies;
  const auto found = std::find_if(copies.begin(), copies.end(),
                                  [&](const BoxCopy& one) { return one.barrier == barrier; });
  if (found == copies.end()) return false;
  copy = *found;
  copies.erase(found);
  acquire(sync_of_copies(barrier));
  return true;
}

void begin_product(WarpgroupProduct product, const char* file, unsigned line) {
  Thread& thread = *worker->current;
  if (!thread.fenced) fault("wgmma.mma_async with no wgmma.fence since the last wait", file, line);
  const Unwatched unwatched;
  product.group = thread.product_group;
  thread.products.push_back(product);
}
void fence_products() { worker->current->fenced = true; }
void commit_products() { ++worker->current->product_group; }
bool take_product(int left, WarpgroupProduct& product) {
  const Unwatched unwatched;
  Thread& thread = *worker->current;
  thread.fenced = false;
  if (thread.products_done == thread.products.size()) return false;
  const WarpgroupProduct& next = thread.products[thread.products_done];
  if (next.group >= thread.product_group - left) return false;
  product = next;
  if (++thread.products_done == thread.products.size()) {
    thread.products.clear();
    thread.products_done = 0;
  }
  return true;
}

}  // namespace cuda_emulation
