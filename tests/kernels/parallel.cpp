#include "kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "kernels/error.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::parallel_for;
using Piece = std::pair<std::int64_t, std::int64_t>;

std::vector<Piece> pieces_of(std::int64_t count, std::int64_t grain) {
  std::mutex mutex;
  std::vector<Piece> pieces;
  parallel_for(count, grain, [&](std::int64_t first, std::int64_t last) {
    const std::lock_guard lock(mutex);
    pieces.emplace_back(first, last);
  });
  std::sort(pieces.begin(), pieces.end());
  return pieces;
}

}  // namespace

TEST_CASE("parallel_for: pieces follow from count and grain alone, on any number of threads") {
  for (const int threads : {1, 2, 3, 4, 9}) {
    const Threads on(threads);
    CHECK(kernels::thread_count() == threads);
    for (const std::int64_t count : {0, 1, 2, 7, 64, 1000}) {
      for (const std::int64_t grain : {1, 2, 7, 63, 64, 1000, 5000}) {
        std::vector<Piece> expected;
        for (std::int64_t first = 0; first < count; first += grain)
          expected.emplace_back(first, std::min(count, first + grain));
        CHECK(pieces_of(count, grain) == expected);
      }
    }
  }
  CHECK(pieces_of(-5, 1).empty());
}

TEST_CASE("parallel_for: one thread runs in order, here") {
  const Threads on(1);
  std::vector<std::int64_t> order;
  const auto here = std::this_thread::get_id();
  parallel_for(100, 3, [&](std::int64_t first, std::int64_t) {
    CHECK(std::this_thread::get_id() == here);
    order.push_back(first);
  });
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(order.size() == 34);
}

TEST_CASE("parallel_for: several threads do work, when there is some to wait for") {
  const Threads on(4);
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::atomic<int> arrived = 0;
  parallel_for(4, 1, [&](std::int64_t, std::int64_t) {
    ++arrived;
    while (arrived < 4) std::this_thread::yield();  // each piece waits for all: none runs two
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  CHECK(seen.size() == 4);
}

TEST_CASE("parallel_for: nested calls run where they are, in order") {
  const Threads on(3);
  std::vector<std::vector<std::int64_t>> inner(40);
  std::atomic<int> elsewhere = 0;
  parallel_for(40, 1, [&](std::int64_t first, std::int64_t) {
    const auto here = std::this_thread::get_id();
    parallel_for(20, 3, [&](std::int64_t from, std::int64_t to) {
      if (std::this_thread::get_id() != here) ++elsewhere;
      for (std::int64_t i = from; i < to; ++i) inner[static_cast<std::size_t>(first)].push_back(i);
    });
  });
  CHECK(elsewhere == 0);
  for (const auto& list : inner) {
    CHECK(list.size() == 20);
    CHECK(std::is_sorted(list.begin(), list.end()));
  }
}

TEST_CASE("parallel_for: an exception arrives here, after all other pieces; the pool works on") {
  for (const int threads : {1, 2, 4}) {
    const Threads on(threads);
    for (int round = 0; round < 20; ++round) {
      std::atomic<int> done = 0;
      CHECK_THROWS_AS(parallel_for(50, 1,
                                   [&](std::int64_t first, std::int64_t) {
                                     if (first == 17 || first == 30) throw ValueError("piece");
                                     ++done;
                                   }),
                      ValueError);
      CHECK(done == 48);
      std::atomic<std::int64_t> sum = 0;
      parallel_for(100, 7, [&](std::int64_t first, std::int64_t last) { sum += last - first; });
      CHECK(sum == 100);
    }
  }
}

TEST_CASE("parallel_for: callers on several threads at once") {
  const Threads on(3);
  std::vector<std::int64_t> sums(6);
  std::vector<std::thread> callers;
  for (std::int64_t& result : sums) {
    callers.emplace_back([&result] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<std::int64_t> sum = 0;
        parallel_for(1000, 13, [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t i = first; i < last; ++i) sum += i;
        });
        result += sum;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const std::int64_t sum : sums) CHECK(sum == 200 * 499500);
}

TEST_CASE("parallel_for: the number of threads goes up and down, again and again") {
  const Threads restore(2);
  for (int round = 0; round < 30; ++round) {
    kernels::set_thread_count(1 + round % 7);
    CHECK(kernels::thread_count() == 1 + round % 7);
    CHECK(pieces_of(64, 1).size() == 64);
  }
  kernels::set_thread_count(200);  // far more than cores, and than pieces
  CHECK(pieces_of(50, 1).size() == 50);
}

TEST_CASE("set_thread_count: what is no number of threads") {
  const int before = kernels::thread_count();
  for (const int count : {0, -1, 1025}) {
    CHECK_THROWS_WITH_AS(
        kernels::set_thread_count(count),
        fmt::format("set_thread_count: {} threads; expected 1 to 1024", count).c_str(), ValueError);
  }
  CHECK(kernels::thread_count() == before);
}

TEST_CASE("grain_for: pieces of about 32,768 units, never none") {
  CHECK(kernels::grain_for(1) == 32768);
  CHECK(kernels::grain_for(1000) == 32);
  CHECK(kernels::grain_for(20000) == 1);
  CHECK(kernels::grain_for(1 << 30) == 1);
  CHECK(kernels::grain_for(0) == 32768);
  CHECK(kernels::grain_for(10, 1000) == 100);
}

}  // namespace keratin::tests
