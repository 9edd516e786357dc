// map and prefetch on other threads: state, exceptions, and that they stop.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<std::int64_t>;

TEST_CASE("map: every pass starts from a fresh copy of the function") {
  const Dataset dataset = slices(4).map([calls = std::int64_t{0}](Example example) mutable {
    return number(10 * ++calls + number_of(example));
  });
  for (int pass = 0; pass < 2; ++pass) CHECK(numbers_of(dataset, pass) == Numbers{10, 21, 32, 43});
  CHECK(numbers_of(dataset, 0, 2) == Numbers{32, 43});  // resumed: it was called before
}

TEST_CASE("map: may change shape, dtype and structure") {
  const Dataset dataset = slices(2).map([](Example example) {
    return Example{.x = Tensors({{"a", ones({2, 2})}, {"b", example.x}}), .y = example.x};
  });
  const std::optional<Example> element = dataset.batch(2).begin().next();
  REQUIRE(element.has_value());
  CHECK(element->x["a"].shape() == Shape{2, 2, 2});
  CHECK(element->y.to_vector<int>() == std::vector<int>{0, 1});
}

TEST_CASE("map: in parallel the order stays, or does not need to") {
  const Threads threads(4);
  for (const int calls : {1, 2, 3, 4, 16, data::AUTOTUNE}) {
    CAPTURE(calls);
    const Dataset ordered = generated(500).map(plus_100, {.num_parallel_calls = calls});
    Numbers expected = counting(500);
    for (std::int64_t& value : expected) value += 100;
    CHECK(numbers_of(ordered) == expected);
    const Dataset loose =
        generated(500).map(plus_100, {.num_parallel_calls = calls, .deterministic = false});
    Numbers numbers = numbers_of(loose);
    std::sort(numbers.begin(), numbers.end());
    CHECK(numbers == expected);
  }
}

// The first call waits for a second one. (The time limit only keeps a broken build from hanging.)
TEST_CASE("map: several calls at once, and not more than asked for") {
  const Threads threads(4);
  std::mutex mutex;
  std::condition_variable arrived;
  int inside = 0, most = 0;
  const auto f = [&](Example example) {
    std::unique_lock lock(mutex);
    most = std::max(most, ++inside);
    arrived.notify_all();
    arrived.wait_for(lock, std::chrono::seconds(30), [&] { return most > 1; });
    --inside;
    return example;
  };
  CHECK(numbers_of(slices(60).map(f, {.num_parallel_calls = 3})) == counting(60));
  CHECK(most >= 2);
  CHECK(most <= 3);
}

struct Failing {
  const char* name;
  Dataset (*make)();
  bool ordered;
};

Example fails_at_5(Example example) {
  if (number_of(example) == 5) throw ValueError("element 5 is bad");
  return example;
}
Dataset generator_fails_at_5() {
  return data::from_generator([i = std::int64_t{0}]() mutable -> std::optional<Example> {
    if (i == 5) throw ValueError("element 5 is bad");
    return number(i++);
  });
}
Example same(Example example) { return example; }

const Failing kFailing[] = {
    {"map", [] { return slices(50).map(fails_at_5); }, true},
    {"map, prefetch", [] { return slices(50).map(fails_at_5).prefetch(3); }, true},
    {"parallel", [] { return slices(50).map(fails_at_5, {.num_parallel_calls = 4}); }, true},
    {"parallel, prefetch",
     [] { return slices(50).map(fails_at_5, {.num_parallel_calls = 4}).prefetch(2); }, true},
    {"parallel, any order",
     [] { return slices(50).map(fails_at_5, {.num_parallel_calls = 4, .deterministic = false}); },
     false},
    {"parallel, batches",
     [] { return slices(50).map(fails_at_5, {.num_parallel_calls = 4}).prefetch(1).shuffle(1); },
     true},
    {"filter",
     [] {
       return slices(50).filter(
           [](const Example& example) { return fails_at_5(example).x.defined(); });
     },
     true},
    {"generator", [] { return generator_fails_at_5(); }, true},
    {"generator, prefetch", [] { return generator_fails_at_5().prefetch(1); }, true},
    {"generator, parallel",
     [] { return generator_fails_at_5().map(same, {.num_parallel_calls = 4}); }, true},
    {"generator, prefetch, parallel, prefetch",
     [] {
       return generator_fails_at_5().prefetch(4).map(same, {.num_parallel_calls = 2}).prefetch(4);
     },
     true},
    {"generator, parallel, any order",
     [] {
       return generator_fails_at_5().map(same, {.num_parallel_calls = 4, .deterministic = false});
     },
     false},
    {"generator, repeated", [] { return generator_fails_at_5().repeat().prefetch(2); }, true},
};

TEST_CASE("dataset: an exception comes out in its place, with its message, and ends the pass") {
  const Threads threads(4);
  for (const Failing& failing : kFailing) {
    CAPTURE(failing.name);
    const Dataset dataset = failing.make();
    for (int pass = 0; pass < 3; ++pass) {
      data::Iterator elements = dataset.begin(pass);
      Numbers before;
      std::string message;
      try {
        while (const auto element = elements.next()) before.push_back(number_of(*element));
      } catch (const ValueError& error) {
        message = error.what();
      }
      CHECK(message == "element 5 is bad");
      CHECK(std::find(before.begin(), before.end(), 5) == before.end());
      if (failing.ordered) CHECK(before == counting(5));
      CHECK_FALSE(elements.next().has_value());
      CHECK_FALSE(elements.next().has_value());
    }
  }
}

TEST_CASE("dataset: a source that has thrown is not asked again") {
  const Threads threads(8);
  for (int round = 0; round < 200; ++round) {
    const auto calls = std::make_shared<std::atomic<int>>(0);
    const Dataset dataset = data::from_generator([calls]() -> std::optional<Example> {
                              if (++*calls == 3) throw std::runtime_error("no more");
                              return number(0);
                            }).map(same, {.num_parallel_calls = 8});
    data::Iterator elements = dataset.begin();
    CHECK_THROWS_WITH_AS(rest_of(elements), "no more", std::runtime_error);
    CHECK(*calls == 3);
  }
}

TEST_CASE("dataset: batch throws on its own thread's behalf") {
  const Dataset dataset = slices(10)
                              .map([](Example example) {
                                return Example{.x = zeros({number_of(example) == 7 ? 3 : 2})};
                              })
                              .batch(4)
                              .prefetch(2);
  data::Iterator batches = dataset.begin();
  CHECK(batches.next()->x.shape() == Shape{4, 2});
  CHECK_THROWS_AS((void)batches.next(), ShapeError);
  CHECK_FALSE(batches.next().has_value());
}

TEST_CASE("prefetch: works ahead on a thread of its own, and not too far") {
  const auto made = std::make_shared<std::atomic<std::int64_t>>(0);
  const auto makers = std::make_shared<std::set<std::thread::id>>();
  const Dataset dataset =
      data::from_generator([=, i = std::int64_t{0}]() mutable -> std::optional<Example> {
        makers->insert(std::this_thread::get_id());
        ++*made;
        return number(i++);
      }).prefetch(3);
  {
    data::Iterator elements = dataset.begin();
    CHECK(*made == 0);  // not before somebody asks
    for (std::int64_t taken = 1; taken <= 40; ++taken) {
      CHECK(number_of(*elements.next()) == taken - 1);
      // It gets to three ahead, and stays there. (The time limit is for a broken build only.)
      const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (*made < taken + 3 && std::chrono::steady_clock::now() < limit)
        std::this_thread::yield();
      for (int i = 0; i < 100; ++i) std::this_thread::yield();
      CHECK(*made == taken + 3);
    }
  }
  CHECK(makers->size() == 1);
  CHECK(makers->count(std::this_thread::get_id()) == 0);
}

TEST_CASE("dataset: dropping an iterator stops its threads") {
  const Threads threads(4);
  for (const std::int64_t taken : {0, 1, 5}) {
    CAPTURE(taken);
    const auto made = std::make_shared<std::atomic<std::int64_t>>(0);
    std::int64_t at_the_end = 0;
    {
      const Dataset dataset =
          data::from_generator([made]() -> std::optional<Example> { return number(++*made); })
              .map(plus_100, {.num_parallel_calls = 3})
              .prefetch(2)
              .map(same, {.num_parallel_calls = 2, .deterministic = false})
              .prefetch(8);
      data::Iterator elements = dataset.begin();
      for (std::int64_t i = 0; i < taken; ++i) CHECK(elements.next().has_value());
      data::Iterator dropped = std::move(elements);
      dropped = dataset.begin();  // never asked
      at_the_end = *made;
    }
    CHECK(*made == at_the_end);
    CHECK(made.use_count() == 1);  // nobody holds the generator any more
  }
}

TEST_CASE("dataset: iterators on several threads do not meet") {
  const Threads threads(2);
  const Dataset dataset =
      slices(300).shuffle(50, {.seed = 2}).map(plus_100, {.num_parallel_calls = 2}).prefetch(2);
  const Numbers expected = numbers_of(dataset, 1);
  std::vector<Numbers> results(4);
  std::vector<std::thread> workers;
  for (Numbers& result : results) workers.emplace_back([&] { result = numbers_of(dataset, 1); });
  for (std::thread& worker : workers) worker.join();
  for (const Numbers& result : results) CHECK(result == expected);
}

TEST_CASE("dataset: kernels run in a map, too") {
  const Threads threads(4);
  const auto big = [](Example example) {
    std::vector<std::int64_t> sums(64, 0);
    kernels::parallel_for(64, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) sums[static_cast<std::size_t>(i)] = i;
    });
    std::int64_t sum = number_of(example);
    for (const std::int64_t value : sums) sum += value;
    return number(sum);
  };
  Numbers expected = counting(40);
  for (std::int64_t& value : expected) value += 2016;
  CHECK(numbers_of(slices(40).map(big, {.num_parallel_calls = 4}).prefetch(2)) == expected);
}

}  // namespace
}  // namespace keratin::tests
