// The caching allocator, seen through tensors.
#include "tensor/storage.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::tests {
namespace {

TEST_CASE("storage: bytes in use, cached and at the peak") {
  release_cached_memory();
  const MemoryStats start = memory_stats();
  CHECK(start.bytes_cached == 0);
  {
    const Tensor x = Tensor::empty({1000}, uint8);
    const std::int64_t used = memory_stats().bytes_in_use - start.bytes_in_use;
    CHECK(used >= 1000);
    CHECK(used <= 1250);  // at most a quarter more
    CHECK(memory_stats().bytes_cached == 0);
    CHECK(memory_stats().system_allocations == start.system_allocations + 1);
    const Tensor handle = x, view = x.slice(10, 20);  // take none
    CHECK(memory_stats().bytes_in_use == start.bytes_in_use + used);
  }
  const MemoryStats end = memory_stats();
  CHECK(end.bytes_in_use == start.bytes_in_use);
  CHECK(end.bytes_cached >= 1000);
  CHECK(end.peak_bytes_in_use >= start.bytes_in_use + 1000);
  release_cached_memory();
  CHECK(memory_stats().bytes_cached == 0);
}

TEST_CASE("storage: freed blocks are used again, also for sizes nearly the same") {
  release_cached_memory();
  const void* block = nullptr;
  {
    const Tensor x = Tensor::empty({1000}, float32);
    block = x.raw();
  }
  const std::int64_t allocations = memory_stats().system_allocations;
  for (int i = 0; i < 100; ++i) {
    const Tensor x = Tensor::empty({1000 - i % 8}, float32);
    CHECK(x.raw() == block);
  }
  CHECK(memory_stats().system_allocations == allocations);
  CHECK(memory_stats().bytes_cached > 0);
  const Tensor larger = Tensor::empty({5000}, float32);  // another size class
  CHECK(larger.raw() != block);
  CHECK(memory_stats().system_allocations == allocations + 1);
}

TEST_CASE("storage: blocks are aligned, waste little and do not overlap") {
  std::vector<Tensor> tensors;
  const MemoryStats before = memory_stats();
  std::int64_t asked = 0;
  for (const std::int64_t size : {0, 1, 63, 64, 65, 127, 129, 255, 257, 1000, 4096, 4097, 100003}) {
    for (int i = 0; i < 3; ++i) {
      Tensor x = full({size}, static_cast<double>(tensors.size()), uint8);
      CHECK(reinterpret_cast<std::uintptr_t>(x.raw()) % 64 == 0);
      asked += size + size / 4 + 64;
      tensors.push_back(x);
    }
  }
  CHECK(memory_stats().bytes_in_use - before.bytes_in_use <= asked);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (const int value : tensors[i].to_vector<int>()) REQUIRE(value == static_cast<int>(i));
}

TEST_CASE("storage: tensors come and go on several threads") {
  const MemoryStats before = memory_stats();
  std::vector<std::thread> workers;
  std::vector<int> wrong(4, 0);
  for (int id = 0; id < 4; ++id) {
    workers.emplace_back([id, &wrong] {
      std::vector<Tensor> kept;
      for (int i = 0; i < 300; ++i) {
        kept.push_back(full({1 + i % 37 * 10}, id, int32));
        if (i % 3 == 2) kept.erase(kept.begin());
        if (kept.back().item<int>({0}) != id || kept.front().item<int>({0}) != id)
          ++wrong[static_cast<std::size_t>(id)];
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK(wrong == std::vector<int>{0, 0, 0, 0});
  CHECK(memory_stats().bytes_in_use == before.bytes_in_use);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERATIN_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KERATIN_SANITIZED
#endif
#endif
#ifndef KERATIN_SANITIZED  // whose operator new ends the program

TEST_CASE("storage: memory that cannot be had is an error, and leaves no trace") {
  const MemoryStats before = memory_stats();
  CHECK_THROWS_WITH_AS((void)Tensor::empty({std::int64_t{1} << 62}, uint8),
                       doctest::Contains("tensor: out of memory: 4611686018427387904 bytes asked"),
                       Error);
  CHECK(memory_stats().bytes_in_use == before.bytes_in_use);
  CHECK(memory_stats().peak_bytes_in_use == before.peak_bytes_in_use);
  CHECK(memory_stats().system_allocations == before.system_allocations);
  CHECK_NOTHROW((void)zeros({10}));
}

#endif

}  // namespace
}  // namespace keratin::tests
