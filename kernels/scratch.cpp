#include "kernels/scratch.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>
#include <vector>

#include "kernels/error.h"

namespace keratin::kernels {
namespace {

constexpr std::size_t kAlignment = 64;

std::atomic<std::int64_t> held = 0, allocations = 0;

class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Block& operator=(Block&&) = delete;
  ~Block() { free(); }

  void* at_least(std::size_t bytes) {
    if (size_ >= bytes && data_ != nullptr) return data_;
    free();
    const std::size_t size = std::max<std::size_t>(bytes, 4096);
    data_ = ::operator new(size, std::align_val_t(kAlignment));
    size_ = size;
    held.fetch_add(static_cast<std::int64_t>(size), std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
    return data_;
  }

 private:
  void free() {
    if (data_ == nullptr) return;
    ::operator delete(std::exchange(data_, nullptr), std::align_val_t(kAlignment));
    held.fetch_sub(static_cast<std::int64_t>(std::exchange(size_, 0)), std::memory_order_relaxed);
  }

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

// Blocks [0, depth) are in use. A nested scratch of the same kernel finds the block that it had the
// last time.
struct Stock {
  std::vector<Block> blocks;
  std::size_t depth = 0;
};
thread_local Stock stock;

}  // namespace

Scratch::Scratch(std::size_t bytes) {
  if (stock.depth == stock.blocks.size()) stock.blocks.emplace_back();
  data_ = stock.blocks[stock.depth].at_least(bytes);
  ++stock.depth;
}

Scratch::~Scratch() { --stock.depth; }

std::int64_t scratch_bytes() { return held.load(std::memory_order_relaxed); }
std::int64_t scratch_allocations() { return allocations.load(std::memory_order_relaxed); }

}  // namespace keratin::kernels
