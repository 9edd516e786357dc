#include "kernels/scratch.h"

#include <algorithm>
#include <new>
#include <thread>

#include "tests/kernels/rungs.h"

namespace keratin::tests {

using kernels::FloatScratch;
using kernels::Scratch;

TEST_CASE("scratch: aligned memory, kept for the next one of the same depth") {
  const void* before = nullptr;
  {
    const Scratch scratch(100'000);
    before = scratch.as<void>();
    CHECK(reinterpret_cast<std::uintptr_t>(before) % 64 == 0);
    std::memset(scratch.as<char>(), 1, 100'000);
  }
  {
    const Scratch smaller(10);
    CHECK(smaller.as<void>() == before);
  }
  const Scratch again(100'000);
  CHECK(again.as<void>() == before);
}

TEST_CASE("scratch: nested ones never overlap and grow one by one") {
  for (std::int64_t size = 1; size < 100'000; size = size * 5 + 1) {
    const FloatScratch outer(size);
    std::fill_n(outer.data(), size, 1.0f);
    for (int round = 0; round < 2; ++round) {
      const FloatScratch inner(2 * size);
      std::fill_n(inner.data(), 2 * size, 2.0f);
      const FloatScratch innermost(size / 2);
      std::fill_n(innermost.data(), size / 2, 3.0f);
      CHECK(std::count(inner.data(), inner.data() + 2 * size, 2.0f) == 2 * size);
    }
    CHECK(std::count(outer.data(), outer.data() + size, 1.0f) == size);
  }
}

TEST_CASE("scratch: no bytes at all are memory too") {
  const Scratch none(0);
  CHECK(none.as<void>() != nullptr);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they end the program there
TEST_CASE("scratch: too much is std::bad_alloc, and the stock works on") {
  CHECK_THROWS_AS(Scratch(std::size_t{1} << 62), std::bad_alloc);
  const FloatScratch next(1000);
  std::fill_n(next.data(), 1000, 1.0f);
  CHECK(next.data()[999] == 1.0f);
}
#endif

TEST_CASE("scratch: a thread has its own") {
  const FloatScratch here(1000);
  std::fill_n(here.data(), 1000, 1.0f);
  std::thread([&] {
    const FloatScratch there(1000);
    CHECK(there.data() != here.data());
    std::fill_n(there.data(), 1000, 2.0f);
  }).join();
  CHECK(std::count(here.data(), here.data() + 1000, 1.0f) == 1000);
}

}  // namespace keratin::tests
