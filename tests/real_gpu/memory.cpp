// With KERATIN_TEST_GPU=1 all memory of the test program is managed memory, which a GPU reads and
// writes too: so tests of kernels, which hand rungs the addresses of their own vectors, run on it as
// they are. Blocks are of powers of two, from one region, and are kept for their size when freed.
#include <cuda_runtime_api.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>

namespace {

constexpr std::size_t kRegion = std::size_t{8} << 30, kLeast = 64;

struct FreeBlock {
  FreeBlock* next;
};

class Region {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t size = std::bit_ceil(bytes < kLeast ? kLeast : bytes);
    if (alignment > size || !ready()) return nullptr;
    const std::lock_guard lock(mutex_);
    FreeBlock*& kept = free_[static_cast<std::size_t>(std::countr_zero(size))];
    if (kept != nullptr) {
      FreeBlock* const block = kept;
      kept = block->next;
      return block;
    }
    const std::size_t first = (used_ + size - 1) / size * size;  // aligned to its size
    if (first + size > kRegion) return nullptr;
    used_ = first + size;
    return base_ + first;
  }
  bool holds(const void* memory) const {
    const auto* const at = static_cast<const char*>(memory);
    return base_ != nullptr && at >= base_ && at < base_ + kRegion;
  }
  void free(void* memory, std::size_t size) {
    const std::lock_guard lock(mutex_);
    auto* const block = static_cast<FreeBlock*>(memory);
    FreeBlock*& kept = free_[static_cast<std::size_t>(std::countr_zero(size))];
    block->next = kept;
    kept = block;
  }

 private:
  // The runtime allocates too while it begins.
  bool ready() {
    if (state_.load(std::memory_order_acquire) == 2) return true;
    int expected = 0;
    if (!state_.compare_exchange_strong(expected, 1)) return false;
    const char* const wanted = std::getenv("KERATIN_TEST_GPU");
    void* region = nullptr;
    if (wanted == nullptr || *wanted != '1' ||
        cudaMallocManaged(&region, kRegion, cudaMemAttachGlobal) != cudaSuccess) {
      state_.store(3, std::memory_order_release);
      return false;
    }
    base_ = static_cast<char*>(region);
    state_.store(2, std::memory_order_release);
    return true;
  }

  std::atomic<int> state_ = 0;  // 1: begins, 2: there, 3: none
  char* base_ = nullptr;
  std::size_t used_ = 0;
  std::mutex mutex_;
  std::array<FreeBlock*, 64> free_{};
};

constinit Region region;

// Sizes are not told to all forms of delete: each block has its own in front of it.
struct Header {
  std::size_t size;
  void* start;
};

void* allocate(std::size_t bytes, std::size_t alignment) {
  const std::size_t front = alignment < sizeof(Header) ? sizeof(Header) : alignment;
  const std::size_t whole = std::bit_ceil(bytes + front < kLeast ? kLeast : bytes + front);
  void* start = region.allocate(whole, alignment);
  if (start == nullptr) {
    const std::size_t rounded = (bytes + front + alignment - 1) / alignment * alignment;
    start = std::aligned_alloc(alignment < sizeof(void*) ? sizeof(void*) : alignment, rounded);
    if (start == nullptr) return nullptr;
  }
  char* const memory = static_cast<char*>(start) + front;
  *reinterpret_cast<Header*>(memory - sizeof(Header)) = {whole, start};
  return memory;
}

void release(void* memory) {
  if (memory == nullptr) return;
  const Header header = *reinterpret_cast<Header*>(static_cast<char*>(memory) - sizeof(Header));
  if (region.holds(header.start)) {
    region.free(header.start, header.size);
  } else {
    std::free(header.start);
  }
}

void* required(std::size_t bytes, std::size_t alignment) {
  void* const memory = allocate(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kUsual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

void* operator new(std::size_t bytes) { return required(bytes, kUsual); }
void* operator new[](std::size_t bytes) { return required(bytes, kUsual); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return required(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return required(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes, kUsual);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
