// Order: what a seed and a pass fix, and what they do not.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tensor/random.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers sorted(Numbers numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST_CASE("shuffle: seed and pass fix the order") {
  for (const NumberSource& source : kNumberSources) {
    for (const std::int64_t buffer : {2, 10, 99, 100, 1000}) {
      CAPTURE(source.name);
      CAPTURE(buffer);
      const Dataset a = source.make(100).shuffle(buffer, {.seed = 1});
      const Dataset b = source.make(100).shuffle(buffer, {.seed = 1});
      const Dataset other = source.make(100).shuffle(buffer, {.seed = 2});
      for (const std::int64_t pass : {0, 1, 7}) CHECK(numbers_of(a, pass) == numbers_of(b, pass));
      CHECK(numbers_of(a, 0) != numbers_of(a, 1));
      CHECK(numbers_of(a) != numbers_of(other));
      CHECK(numbers_of(a) != counting(100));
      CHECK(sorted(numbers_of(a)) == counting(100));
      CHECK(numbers_of(a) == numbers_of(slices(100).shuffle(buffer, {.seed = 1})));
    }
  }
}

TEST_CASE("shuffle: whatever comes after it knows the pass") {
  const Threads threads(4);
  const auto same = [](Example example) { return example; };
  for (const NumberSource& source : kNumberSources) {
    CAPTURE(source.name);
    const Dataset shuffled = source.make(20).shuffle(20, {.seed = 8});
    const Dataset later[] = {
        shuffled.map(same),
        shuffled.map(same, {.num_parallel_calls = 3}),
        shuffled.filter([](const Example&) { return true; }),
        shuffled.prefetch(2),
        shuffled.take(20),
        shuffled.skip(0),
        shuffled.repeat(1),
        shuffled.batch(1).map([](Example batch) { return Example{.x = batch.x.reshaped({})}; }),
        shuffled.shuffle(1)};
    for (const Dataset& dataset : later)
      for (const std::int64_t pass : {0, 1, 5})
        CHECK(numbers_of(dataset, pass) == numbers_of(shuffled, pass));
  }
}

// So that a run can be resumed with a later version.
TEST_CASE("shuffle: the order is a fixed one") {
  CHECK(numbers_of(slices(10).shuffle(10, {.seed = 42})) == Numbers{6, 1, 0, 2, 3, 4, 9, 8, 5, 7});
  CHECK(numbers_of(slices(10).shuffle(4, {.seed = 42}), 1) ==
        Numbers{2, 0, 4, 3, 7, 8, 5, 1, 9, 6});
}

TEST_CASE("shuffle: reshuffle_each_iteration") {
  const Dataset same = slices(50).shuffle(50, {.seed = 3, .reshuffle_each_iteration = false});
  CHECK(numbers_of(same, 0) == numbers_of(same, 5));
  const Dataset repeated = same.repeat(2);
  Numbers twice = numbers_of(same);
  twice.insert(twice.end(), twice.begin(), twice.begin() + 50);
  CHECK(numbers_of(repeated) == twice);
}

TEST_CASE("shuffle: before repeat, every repetition is a pass of its own") {
  for (const NumberSource& source : kNumberSources) {
    CAPTURE(source.name);
    const Dataset once = source.make(30).shuffle(30, {.seed = 3});
    for (const std::int64_t pass : {0, 1, 2}) {
      const Numbers three = numbers_of(once.repeat(3), pass);
      REQUIRE(three.size() == 90);
      for (std::int64_t r = 0; r < 3; ++r) {
        const Numbers part(three.begin() + 30 * r, three.begin() + 30 * (r + 1));
        CHECK(part == numbers_of(once, 3 * pass + r));
        CHECK(sorted(part) == counting(30));  // nothing crosses the border
      }
    }
    const Numbers endless = numbers_of(once.repeat().take(60), 1);
    CHECK(sorted(Numbers(endless.begin(), endless.begin() + 30)) == counting(30));
    CHECK(sorted(Numbers(endless.begin() + 30, endless.end())) == counting(30));
    CHECK(Numbers(endless.begin(), endless.begin() + 30) !=
          Numbers(endless.begin() + 30, endless.end()));
  }
}

TEST_CASE("shuffle: after repeat, elements of both repetitions mix") {
  const Numbers mixed = numbers_of(slices(30).repeat(2).shuffle(60, {.seed = 3}));
  const std::set<std::int64_t> first(mixed.begin(), mixed.begin() + 30);
  CHECK(first.size() < 30);
  Numbers twice = counting(30);
  twice.insert(twice.end(), twice.begin(), twice.begin() + 30);
  CHECK(sorted(mixed) == sorted(twice));
}

TEST_CASE("shuffle: a small buffer mixes locally") {
  const Numbers numbers = numbers_of(slices(500).shuffle(8, {.seed = 5}));
  std::int64_t latest = 0;
  for (std::int64_t i = 0; i < 500; ++i) {
    const std::int64_t number = numbers[static_cast<std::size_t>(i)];
    CHECK(number < i + 8);  // it had to be at hand
    latest = std::max(latest, i - number);
  }
  CHECK(latest > 8);  // but one may wait
}

// 24 orders of 4 elements, 100 times each on average; the limit is chi square's for 23 degrees of
// freedom at 99.9 %.
TEST_CASE("shuffle: all orders are equally likely") {
  for (const bool by_seed : {false, true}) {
    std::map<Numbers, int> counts;
    for (std::int64_t i = 0; i < 2400; ++i) {
      ++counts[by_seed ? numbers_of(slices(4).shuffle(4, {.seed = i}))
                       : numbers_of(slices(4).shuffle(4, {.seed = 1}), i)];
    }
    CHECK(counts.size() == 24);
    double chi_square = 0;
    for (const auto& [order, count] : counts) chi_square += (count - 100) * (count - 100) / 100.0;
    CHECK(chi_square < 49.7);
  }
}

TEST_CASE("shuffle: without a seed of its own it follows set_random_seed") {
  const auto orders = [] {
    const Dataset a = slices(40).shuffle(40), b = slices(40).shuffle(40);
    return std::pair(numbers_of(a), numbers_of(b));
  };
  set_random_seed(11);
  const auto first = orders(), other = orders();
  set_random_seed(11);
  CHECK(first == orders());
  CHECK(first.first != first.second);
  CHECK(first != other);
  set_random_seed(12);
  CHECK(first != orders());
  set_random_seed(11);
  const Dataset drawn = slices(40).shuffle(40);
  set_random_seed(13);  // the seed was drawn when shuffle was called
  CHECK(numbers_of(drawn) == first.first);
  CHECK(numbers_of(drawn, 1) != first.first);
}

TEST_CASE("shuffle: the same batches on any number of threads") {
  const auto run = [](int threads) {
    const Threads scope(threads);
    const Dataset dataset = slices(200)
                                .shuffle(200, {.seed = 9})
                                .map(plus_100, {.num_parallel_calls = 4})
                                .repeat(2)
                                .batch(32)
                                .prefetch(3);
    return batches_of(dataset, 2);
  };
  const auto one = run(1);
  CHECK(one.size() == 13);
  for (const int threads : {2, 4}) CHECK(run(threads) == one);
}

}  // namespace
}  // namespace keratin::tests
