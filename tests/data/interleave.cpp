// interleave on other threads: order, errors, and that threads stop. Orders are held against
// tf.data: golden_datasets.cpp.
#include <doctest/doctest.h>

#include <atomic>

#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using Numbers = std::vector<std::int64_t>;

// 10 e ... 10 e + 9, in an order that depends on the pass.
Dataset ten_of(const Example& example) {
  const std::int64_t e = number_of(example);
  return data::range(10 * e, 10 * e + 10).shuffle(4, {.seed = e});
}

TEST_CASE("interleave: the same order on any number of threads, in every pass") {
  const Threads threads(8);
  for (const std::int64_t cycle : {1, 2, 7, 40}) {
    for (const std::int64_t block : {1, 3, 100}) {
      const auto make = [&](std::optional<int> calls) {
        return data::range(20).interleave(
            ten_of, {.cycle_length = cycle, .block_length = block, .num_parallel_calls = calls});
      };
      for (const std::int64_t pass : {0, 1}) {
        const Numbers expected = numbers_of(make({}), pass);
        CHECK(expected.size() == 200);
        for (const int calls : {1, 2, 3, 8, data::AUTOTUNE})
          CHECK(numbers_of(make(calls), pass) == expected);
      }
    }
  }
  const auto in_any_order = [] {
    return data::range(20).interleave(
        ten_of, {.cycle_length = 5, .num_parallel_calls = 4, .deterministic = false});
  };
  Numbers any = numbers_of(in_any_order());
  std::sort(any.begin(), any.end());
  CHECK(any == counting(200));
}

TEST_CASE("interleave: an error comes out in its place and ends the pass") {
  const Threads threads(4);
  const auto fails_in_5 = [](const Example& example) {
    const std::int64_t e = number_of(example);
    return data::range(2).map([e](Example inner) {
      if (e == 5 && number_of(inner) == 1) throw ValueError("5, 1 is bad");
      return number(10 * e + number_of(inner));
    });
  };
  const auto fails_at_5 = [](const Example& example) {
    if (number_of(example) == 5) throw ValueError("5 is bad");
    return data::range(number_of(example), number_of(example) + 1);
  };
  const auto nothing_at_5 = [](const Example& example) {
    return number_of(example) == 5 ? Dataset() : data::range(1);
  };
  const auto source_fails_at_5 = [](std::int64_t count) {
    return data::range(count).map([](Example example) {
      if (number_of(example) == 5) throw ValueError("the source is bad");
      return example;
    });
  };
  for (const std::optional<int> calls : {std::optional<int>(), {3}}) {
    for (int round = 0; round < 20; ++round) {
      const data::InterleaveOptions how = {.cycle_length = 3, .num_parallel_calls = calls};
      data::Iterator inner = data::range(9).interleave(fails_in_5, how).begin();
      Numbers before;
      CHECK_THROWS_WITH_AS(
          while (const auto element = inner.next()) before.push_back(number_of(*element)),
          "5, 1 is bad", ValueError);
      CHECK(before == Numbers{0, 10, 20, 1, 11, 21, 30, 40, 50, 31, 41});
      CHECK_FALSE(inner.next().has_value());
      CHECK_THROWS_WITH_AS((void)numbers_of(data::range(9).interleave(fails_at_5, how)), "5 is bad",
                           ValueError);
      CHECK_THROWS_WITH_AS((void)numbers_of(data::range(9).interleave(nothing_at_5, how)),
                           doctest::Contains("gave a dataset that was never set"), ValueError);
      data::Iterator source = source_fails_at_5(9).interleave(ten_of, how).begin();
      before.clear();
      CHECK_THROWS_WITH_AS(
          while (const auto element = source.next()) before.push_back(number_of(*element)),
          "the source is bad", ValueError);
      // 3 and 4 have taken the places of 0 and 1; the next one to be taken comes to its turn.
      CHECK(before.size() == 32);
    }
  }
}

TEST_CASE("interleave: dropping an iterator stops its threads") {
  const Threads threads(4);
  for (const std::int64_t taken : {0, 1, 7}) {
    const auto made = std::make_shared<std::atomic<std::int64_t>>(0);
    std::int64_t at_the_end = 0;
    {
      const Dataset dataset = data::range(1000).interleave(
          [made](const Example&) {
            return data::from_generator(
                       [made]() -> std::optional<Example> { return number(++*made); })
                .prefetch(2);
          },
          {.cycle_length = 6, .num_parallel_calls = 3});
      data::Iterator elements = dataset.begin();
      for (std::int64_t i = 0; i < taken; ++i) CHECK(elements.next().has_value());
      data::Iterator dropped = std::move(elements);
      dropped = dataset.begin();
      at_the_end = *made;
    }
    CHECK(*made == at_the_end);
    CHECK(made.use_count() == 1);
  }
}

TEST_CASE("interleave: arguments") {
  const Dataset ten = slices(10);
  CHECK_THROWS_AS((void)ten.interleave(nullptr), ValueError);
  CHECK_THROWS_AS((void)ten.interleave(ten_of, {.cycle_length = 0}), ValueError);
  CHECK_THROWS_AS((void)ten.interleave(ten_of, {.block_length = 0}), ValueError);
  CHECK_THROWS_AS((void)ten.interleave(ten_of, {.num_parallel_calls = 0}), ValueError);
  CHECK(ten.interleave(ten_of).cardinality() == data::kUnknown);
  CHECK(ten.take(0).interleave(ten_of).cardinality() == 0);
  CHECK(numbers_of(ten.take(0).interleave(ten_of, {.num_parallel_calls = 2})).empty());
}

}  // namespace
}  // namespace keratin::tests
