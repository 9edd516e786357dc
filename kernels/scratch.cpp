#include "kernels/scratch.h"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "kernels/error.h"

namespace keratin::kernels {
namespace {

constexpr std::size_t kAlignment = 64;

struct Free {
  void operator()(void* p) const { ::operator delete(p, std::align_val_t(kAlignment)); }
};
struct Block {
  std::unique_ptr<void, Free> memory;
  std::size_t size = 0;
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
  Block& block = stock.blocks[stock.depth];
  if (block.size < bytes || block.memory == nullptr) {
    const std::size_t size = std::max<std::size_t>(bytes, 4096);
    block.memory.reset();
    block.size = 0;
    block.memory.reset(::operator new(size, std::align_val_t(kAlignment)));
    block.size = size;
  }
  data_ = block.memory.get();
  ++stock.depth;
}

Scratch::~Scratch() { --stock.depth; }

}  // namespace keratin::kernels
