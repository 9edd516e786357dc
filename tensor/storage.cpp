#include "tensor/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <map>
#include <mutex>
#include <new>

#include "kernels/accelerator.h"
#include "kernels/error.h"
#include "tensor/gpu_tensors.h"
#include "tensor/huge_pages.h"

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

// Counted with the allocator's lock held, read without it.
std::atomic<std::int64_t> in_use = 0, cached = 0;

}  // namespace

namespace detail {

// The list that storages are in. With the allocator's lock held.
class LivingStorages {
 public:
  void add(Storage& storage) {
    storage.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &storage;
    first_ = &storage;
  }
  void remove(Storage& storage) {
    (storage.previous_ != nullptr ? storage.previous_->next_ : first_) = storage.next_;
    if (storage.next_ != nullptr) storage.next_->previous_ = storage.previous_;
  }
  void each(kernels::FunctionRef<void(const Storage&)> show) const {
    for (const Storage* storage = first_; storage != nullptr; storage = storage->next_)
      show(*storage);
  }

 private:
  Storage* first_ = nullptr;
};

}  // namespace detail

namespace {

class CachingAllocator {
 public:
  void* allocate(std::size_t capacity, detail::Storage& owner) {
    if (void* block = take_cached(capacity, owner)) return block;
    void* block = ::operator new(capacity, std::align_val_t(kAlignment), std::nothrow);
    if (block == nullptr) {
      release();
      block = ::operator new(capacity, std::align_val_t(kAlignment), std::nothrow);
    }
    if (block != nullptr) detail::ask_for_huge_pages(block, capacity);
    const std::lock_guard lock(mutex_);
    if (block == nullptr) {
      throw Error(
          fmt::format("tensor: out of memory: {} bytes asked for, {} bytes in use; use smaller "
                      "batches or inputs",
                      capacity, in_use.load()));
    }
    ++system_allocations_;
    hand_out(capacity, owner);
    return block;
  }

  void free(void* block, std::size_t capacity, detail::Storage& owner) {
    const std::lock_guard lock(mutex_);
    living_.remove(owner);
    free_[capacity].push_back(block);
    in_use.fetch_sub(static_cast<std::int64_t>(capacity), std::memory_order_relaxed);
    cached.fetch_add(static_cast<std::int64_t>(capacity), std::memory_order_relaxed);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (auto& [capacity, blocks] : free_)
      for (void* block : blocks) ::operator delete(block, std::align_val_t(kAlignment));
    free_.clear();
    cached.store(0, std::memory_order_relaxed);
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return {.bytes_in_use = in_use.load(),
            .bytes_cached = cached.load(),
            .peak_bytes_in_use = peak_,
            .system_allocations = system_allocations_};
  }

  void each_living(kernels::FunctionRef<void(const detail::Storage&)> show) {
    const std::lock_guard lock(mutex_);
    living_.each(show);
  }

  // Memory of a GPU, which its own pool handed out.
  void begins(detail::Storage& owner) {
    const std::lock_guard lock(mutex_);
    const auto at = static_cast<std::size_t>(owner.device().index);
    if (at >= gpus_.size()) gpus_.resize(at + 1);
    detail::GpuTensorStats& gpu = gpus_[at];
    gpu.bytes_in_use += static_cast<std::int64_t>(owner.capacity());
    gpu.peak_bytes_in_use = std::max(gpu.peak_bytes_in_use, gpu.bytes_in_use);
    ++gpu.allocations;
    living_.add(owner);
  }
  void ends(detail::Storage& owner) {
    const std::lock_guard lock(mutex_);
    living_.remove(owner);
    gpus_[static_cast<std::size_t>(owner.device().index)].bytes_in_use -=
        static_cast<std::int64_t>(owner.capacity());
  }
  std::vector<detail::GpuTensorStats> gpus() {
    const std::lock_guard lock(mutex_);
    return gpus_;
  }

 private:
  void* take_cached(std::size_t capacity, detail::Storage& owner) {
    const std::lock_guard lock(mutex_);
    const auto found = free_.find(capacity);
    if (found == free_.end() || found->second.empty()) return nullptr;
    void* block = found->second.back();
    found->second.pop_back();
    cached.fetch_sub(static_cast<std::int64_t>(capacity), std::memory_order_relaxed);
    hand_out(capacity, owner);
    return block;
  }
  void hand_out(std::size_t capacity, detail::Storage& owner) {  // with mutex_ held
    const auto bytes = static_cast<std::int64_t>(capacity);
    peak_ = std::max(peak_, in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes);
    living_.add(owner);
  }

  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;
  detail::LivingStorages living_;  // on all devices
  std::vector<detail::GpuTensorStats> gpus_;
  std::int64_t peak_ = 0, system_allocations_ = 0;
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

void each_living_storage(kernels::FunctionRef<void(const Storage&)> show) {
  allocator().each_living(show);
}
std::int64_t bytes_in_use() { return in_use.load(std::memory_order_relaxed); }
std::int64_t bytes_cached() { return cached.load(std::memory_order_relaxed); }

std::vector<GpuTensorStats> gpu_tensor_stats() { return allocator().gpus(); }

Storage::Storage(std::size_t bytes, Device device, const Shape& shape, DType dtype)
    : capacity_(device.is_cpu() ? rounded(bytes) : std::max<std::size_t>(bytes, 1)),
      device_(device),
      shape_(shape),
      dtype_(dtype),
      scope_(kernels::call_site.scope),
      made_backward_(kernels::call_site.backward) {
  if (device.is_cpu()) {
    data_ = allocator().allocate(capacity_, *this);
  } else {
    KERATIN_ASSERT(kernels::accelerator() != nullptr);
    try {
      data_ = kernels::accelerator()->allocate(capacity_, device.index);
    } catch (const kernels::CaptureError&) {
      throw;  // says what it is by its type
    } catch (const Error& error) {
      throw Error(fmt::format("{}{}{}: {}", scope_ == nullptr ? "" : scope_->path() + ": ",
                              short_name_of(dtype), shape.text(), error.what()));
    }
    allocator().begins(*this);
  }
}

Storage::~Storage() {
  if (data_ == nullptr) return;
  if (device_.is_cpu()) {
    allocator().free(data_, capacity_, *this);
  } else {
    allocator().ends(*this);
    kernels::accelerator()->free(data_, device_.index);
  }
}

}  // namespace detail
}  // namespace keratin
