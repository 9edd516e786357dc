#include "bench/gpu_counts/counter.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "tests/cuda_emulation/engine.h"
#include "tests/cuda_emulation/runtime_api.h"

namespace keratin::bench {
namespace {

constexpr std::uintptr_t kSector = 32;

// Device memory, as the emulation handed it out.
struct Allocation {
  std::uintptr_t last;
  std::vector<bool> read, written;  // by sector
};
std::map<std::uintptr_t, Allocation>& allocations() {
  static std::map<std::uintptr_t, Allocation> all;
  return all;
}

// The n-th access of a warp from one place in the code: its lanes make it together.
struct Key {
  std::uintptr_t code;
  std::uint32_t warp, nth;
  bool operator==(const Key&) const = default;
};
struct Hash {
  std::size_t operator()(const Key& key) const {
    return (key.code * 0x9E3779B97F4A7C15U) ^ (std::uint64_t{key.warp} << 40) ^ key.nth;
  }
};

// A thread's last access to an allocation. The host's compiler takes one of 16 bytes apart: what
// another place in the code asks for right behind it is the rest of it.
struct Last {
  std::uintptr_t end = 0, code = 0;
  Key group{};
};

struct Counter {
  bool on = false;
  Traffic traffic;
  uint3 block{};
  std::unordered_map<Key, std::uint32_t, Hash> times;  // by thread, in place of a warp
  std::unordered_map<Key, std::vector<std::uintptr_t>, Hash> sectors;
  std::unordered_map<Key, Last, Hash> last;  // by allocation, thread, and whether it writes

  void end_block() {
    for (const auto& [key, list] : sectors)
      traffic.moved += static_cast<std::int64_t>(list.size() * kSector);
    sectors.clear();
    times.clear();
    last.clear();
  }
};
Counter counter;

void record(void* code, const void* place, std::uint32_t bytes, bool write) {
  if (!counter.on) return;
  const auto at = reinterpret_cast<std::uintptr_t>(place);
  auto found = allocations().upper_bound(at);
  if (found == allocations().begin()) return;
  --found;
  if (at >= found->second.last) return;
  if (counter.block.x != blockIdx.x || counter.block.y != blockIdx.y ||
      counter.block.z != blockIdx.z) {
    counter.end_block();
    counter.block = blockIdx;
  }
  const std::uint32_t thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const auto where = reinterpret_cast<std::uintptr_t>(code);
  Last& last = counter.last[{found->first, thread, write ? 1U : 0U}];
  const bool rest = at == last.end && at % 16 != 0 && where != last.code;
  if (!rest) last.group = {where, thread / 32, counter.times[{where, thread, 0}]++};
  last.end = at + bytes;
  last.code = where;
  auto& sectors = counter.sectors[last.group];
  counter.traffic.requested += bytes;
  for (std::uintptr_t s = at / kSector; s <= (at + bytes - 1) / kSector; ++s) {
    if (std::find(sectors.begin(), sectors.end(), s) == sectors.end()) sectors.push_back(s);
    auto& seen = write ? found->second.written : found->second.read;
    seen[s - found->first / kSector] = true;
  }
}

}  // namespace

void start_counting() {
  counter = Counter{};
  counter.on = true;
  for (auto& [first, allocation] : allocations()) {
    std::fill(allocation.read.begin(), allocation.read.end(), false);
    std::fill(allocation.written.begin(), allocation.written.end(), false);
  }
}

Traffic stop_counting() {
  counter.end_block();
  counter.on = false;
  for (const auto& [first, allocation] : allocations()) {
    const auto sectors = std::count(allocation.read.begin(), allocation.read.end(), true) +
                         std::count(allocation.written.begin(), allocation.written.end(), true);
    counter.traffic.touched += sectors * static_cast<std::int64_t>(kSector);
  }
  return counter.traffic;
}

}  // namespace keratin::bench

using keratin::bench::record;

// The linker's --wrap puts these in the way.
extern "C" {

cudaError_t __real__Z15cudaMallocAsyncPPvmP11CUstream_st(void**, std::size_t, cudaStream_t);
cudaError_t __wrap__Z15cudaMallocAsyncPPvmP11CUstream_st(void** memory, std::size_t bytes,
                                                         cudaStream_t stream) {
  const cudaError_t code = __real__Z15cudaMallocAsyncPPvmP11CUstream_st(memory, bytes, stream);
  const auto first = reinterpret_cast<std::uintptr_t>(*memory);
  const std::vector<bool> none(bytes / keratin::bench::kSector + 1);
  keratin::bench::allocations()[first] = {first + bytes, none, none};
  return code;
}

// Memory stays until the counting ends, so that what was touched there counts.
cudaError_t __wrap__Z13cudaFreeAsyncPvP11CUstream_st(void*, cudaStream_t) { return cudaSuccess; }

void __real__ZN14cuda_emulation10async_copyERKNS_9AsyncCopyE(const cuda_emulation::AsyncCopy&);
void __wrap__ZN14cuda_emulation10async_copyERKNS_9AsyncCopyE(
    const cuda_emulation::AsyncCopy& copy) {
  if (copy.copied > 0) record(__builtin_return_address(0), copy.from, copy.copied, false);
  __real__ZN14cuda_emulation10async_copyERKNS_9AsyncCopyE(copy);
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

// Of static variables' guards.
char __tsan_atomic8_load(const volatile char* at, int) {
  return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}
void __tsan_atomic8_store(volatile char* at, char value, int) {
  __atomic_store_n(at, value, __ATOMIC_RELEASE);
}

// Single bytes are the emulation's own, which carries out cp.async: counted above.
void __tsan_read1(void*) {}
void __tsan_write1(void*) {}
void __tsan_unaligned_read2(void*) {}

#define KERATIN_ACCESS(size)                                                                 \
  void __tsan_read##size(void* at) { record(__builtin_return_address(0), at, size, false); } \
  void __tsan_write##size(void* at) { record(__builtin_return_address(0), at, size, true); }
KERATIN_ACCESS(2)
KERATIN_ACCESS(4)
KERATIN_ACCESS(8)
KERATIN_ACCESS(16)
#define KERATIN_UNALIGNED(size)                           \
  void __tsan_unaligned_read##size(void* at) {            \
    record(__builtin_return_address(0), at, size, false); \
  }                                                       \
  void __tsan_unaligned_write##size(void* at) {           \
    record(__builtin_return_address(0), at, size, true);  \
  }
KERATIN_UNALIGNED(4)
KERATIN_UNALIGNED(8)
KERATIN_UNALIGNED(16)
void __tsan_read_range(void* at, std::size_t bytes) {
  record(__builtin_return_address(0), at, static_cast<std::uint32_t>(bytes), false);
}
void __tsan_write_range(void* at, std::size_t bytes) {
  record(__builtin_return_address(0), at, static_cast<std::uint32_t>(bytes), true);
}

}  // extern "C"
