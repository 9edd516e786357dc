#include "tensor/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <new>

#include "kernels/error.h"

namespace keratin {
namespace {

constexpr std::size_t kAlignment = 64;

// Sizes are rounded up to a quarter of a power of two, so that tensors of about the same size share
// blocks and at most a quarter is wasted.
std::size_t rounded(std::size_t bytes) {
  if (bytes <= kAlignment) return kAlignment;
  const std::size_t quarter = std::max(kAlignment, std::bit_floor(bytes - 1) / 4);
  return (bytes + quarter - 1) / quarter * quarter;
}

class CachingAllocator {
 public:
  void* allocate(std::size_t capacity) {
    if (void* block = take_cached(capacity)) return block;
    void* block = ::operator new(capacity, std::align_val_t(kAlignment), std::nothrow);
    if (block == nullptr) {
      release();
      block = ::operator new(capacity, std::align_val_t(kAlignment), std::nothrow);
    }
    const std::lock_guard lock(mutex_);
    if (block == nullptr) {
      throw Error(
          fmt::format("tensor: out of memory: {} bytes asked for, {} bytes in use; use smaller "
                      "batches or inputs",
                      capacity, stats_.bytes_in_use));
    }
    ++stats_.system_allocations;
    count_use(capacity);
    return block;
  }

  void free(void* block, std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    free_[capacity].push_back(block);
    stats_.bytes_in_use -= static_cast<std::int64_t>(capacity);
    stats_.bytes_cached += static_cast<std::int64_t>(capacity);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (auto& [capacity, blocks] : free_)
      for (void* block : blocks) ::operator delete(block, std::align_val_t(kAlignment));
    free_.clear();
    stats_.bytes_cached = 0;
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  void* take_cached(std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    const auto found = free_.find(capacity);
    if (found == free_.end() || found->second.empty()) return nullptr;
    void* block = found->second.back();
    found->second.pop_back();
    stats_.bytes_cached -= static_cast<std::int64_t>(capacity);
    count_use(capacity);
    return block;
  }
  void count_use(std::size_t capacity) {  // with mutex_ held
    stats_.bytes_in_use += static_cast<std::int64_t>(capacity);
    stats_.peak_bytes_in_use = std::max(stats_.peak_bytes_in_use, stats_.bytes_in_use);
  }

  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;
  MemoryStats stats_;
};

// Never destroyed: tensors in static variables may outlive it otherwise.
CachingAllocator& allocator() {
  static auto* instance = new CachingAllocator;
  return *instance;
}

}  // namespace

MemoryStats memory_stats() { return allocator().stats(); }
void release_cached_memory() { allocator().release(); }

namespace detail {

Storage::Storage(std::size_t bytes, Device device) : device_(device) {
  KERATIN_ASSERT(device.is_cpu());
  capacity_ = rounded(bytes);
  data_ = allocator().allocate(capacity_);
}

Storage::~Storage() {
  if (data_ != nullptr) allocator().free(data_, capacity_);
}

}  // namespace detail
}  // namespace keratin
