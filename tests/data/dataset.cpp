// Sources, the transformations that pick elements, cardinality, passes and how they are resumed.
#include "data/dataset.h"

#include <doctest/doctest.h>

#include <limits>

#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::AUTOTUNE, data::kInfinite, data::kUnknown;
using Numbers = std::vector<std::int64_t>;

struct Row {
  const char* name;
  Dataset (*make)(const Dataset& seven);  // from 0 ... 6
  Numbers expected;
  std::int64_t cardinality;          // where the source knows its size
  std::int64_t cardinality_unknown;  // where it does not
};

bool odd(const Example& example) { return number_of(example) % 2 == 1; }
bool never(const Example&) { return false; }

const Row kRows[] = {
    {"as it is", [](const Dataset& d) { return d; }, counting(7), 7, kUnknown},
    {"take some", [](const Dataset& d) { return d.take(3); }, {0, 1, 2}, 3, kUnknown},
    {"take none", [](const Dataset& d) { return d.take(0); }, {}, 0, 0},
    {"take all", [](const Dataset& d) { return d.take(-1); }, counting(7), 7, kUnknown},
    {"take past the end", [](const Dataset& d) { return d.take(8); }, counting(7), 7, kUnknown},
    {"skip some", [](const Dataset& d) { return d.skip(5); }, {5, 6}, 2, kUnknown},
    {"skip none", [](const Dataset& d) { return d.skip(0); }, counting(7), 7, kUnknown},
    {"skip to the end", [](const Dataset& d) { return d.skip(7); }, {}, 0, kUnknown},
    {"skip past the end", [](const Dataset& d) { return d.skip(100); }, {}, 0, kUnknown},
    {"skip all", [](const Dataset& d) { return d.skip(-1); }, {}, 0, 0},
    {"skip, take", [](const Dataset& d) { return d.skip(2).take(2); }, {2, 3}, 2, kUnknown},
    {"take, skip", [](const Dataset& d) { return d.take(5).skip(3); }, {3, 4}, 2, kUnknown},
    {"repeat once", [](const Dataset& d) { return d.repeat(1); }, counting(7), 7, kUnknown},
    {"repeat never", [](const Dataset& d) { return d.repeat(0); }, {}, 0, 0},
    {"repeat a part",
     [](const Dataset& d) { return d.take(2).repeat(3); },
     {0, 1, 0, 1, 0, 1},
     6,
     kUnknown},
    {"a part of a repetition",
     [](const Dataset& d) { return d.repeat(3).skip(12).take(4); },
     {5, 6, 0, 1},
     4,
     kUnknown},
    {"without end",
     [](const Dataset& d) { return d.repeat().skip(5).take(4); },
     {5, 6, 0, 1},
     4,
     4},
    {"nothing, without end", [](const Dataset& d) { return d.skip(7).repeat(); }, {}, 0, kInfinite},
    {"nothing found, without end",
     [](const Dataset& d) { return d.filter(never).repeat(); },
     {},
     kInfinite,
     kInfinite},
    {"nothing, many times", [](const Dataset& d) { return d.take(0).repeat(1LL << 60); }, {}, 0, 0},
    {"filter", [](const Dataset& d) { return d.filter(odd); }, {1, 3, 5}, kUnknown, kUnknown},
    {"filter nothing at all", [](const Dataset& d) { return d.take(0).filter(odd); }, {}, 0, 0},
    {"map", [](const Dataset& d) { return d.map(plus_100).take(2); }, {100, 101}, 2, kUnknown},
    {"map in parallel",
     [](const Dataset& d) { return d.map(plus_100, {.num_parallel_calls = 4}).skip(5); },
     {105, 106},
     2,
     kUnknown},
    {"map on all threads",
     [](const Dataset& d) { return d.map(plus_100, {.num_parallel_calls = AUTOTUNE}).skip(5); },
     {105, 106},
     2,
     kUnknown},
    {"prefetch one", [](const Dataset& d) { return d.prefetch(1); }, counting(7), 7, kUnknown},
    {"prefetch more", [](const Dataset& d) { return d.prefetch(100); }, counting(7), 7, kUnknown},
    {"prefetch", [](const Dataset& d) { return d.prefetch(AUTOTUNE); }, counting(7), 7, kUnknown},
    {"shuffle one", [](const Dataset& d) { return d.shuffle(1); }, counting(7), 7, kUnknown},
    {"everything",
     [](const Dataset& d) {
       return d.prefetch(2).map(plus_100, {.num_parallel_calls = 3}).repeat(2).skip(6).prefetch(3);
     },
     {106, 100, 101, 102, 103, 104, 105, 106},
     8,
     kUnknown},
};

TEST_CASE("dataset: transformations give the right elements, whatever they start from") {
  const Threads threads(4);
  for (const NumberSource& source : kNumberSources) {
    for (const Row& row : kRows) {
      CAPTURE(source.name);
      CAPTURE(row.name);
      const Dataset dataset = row.make(source.make(7));
      CHECK(dataset.cardinality() ==
            (source.knows_its_size ? row.cardinality : row.cardinality_unknown));
      CHECK(numbers_of(dataset) == row.expected);
      CHECK(numbers_of(dataset, 3) == row.expected);  // the source is still there
    }
  }
}

TEST_CASE("dataset: a pass resumes after any number of elements") {
  const Threads threads(4);
  const auto n = static_cast<std::int64_t>(std::size(kRows));
  for (const NumberSource& source : kNumberSources) {
    for (std::int64_t i = 0; i < n; ++i) {
      CAPTURE(source.name);
      CAPTURE(kRows[i].name);
      const Dataset dataset = kRows[i].make(source.make(7));
      const Numbers& all = kRows[i].expected;
      const auto count = static_cast<std::int64_t>(all.size());
      for (std::int64_t skipped = 0; skipped <= count + 2; ++skipped) {
        CAPTURE(skipped);
        data::Iterator elements = dataset.begin(0, skipped);
        CHECK(elements.taken() == skipped);
        CHECK(rest_of(elements) == Numbers(all.begin() + std::min(skipped, count), all.end()));
        CHECK(elements.taken() == std::max(skipped, count));
      }
    }
  }
}

TEST_CASE("dataset: batches of a shuffled pass resume, too") {
  for (const NumberSource& source : kNumberSources) {
    for (const bool drop_remainder : {false, true}) {
      CAPTURE(source.name);
      const Dataset dataset = source.make(50)
                                  .shuffle(20, {.seed = 4})
                                  .repeat(2)
                                  .batch(7, {.drop_remainder = drop_remainder})
                                  .prefetch(2);
      const auto all = batches_of(dataset, 5);
      REQUIRE(all.size() == (drop_remainder ? 14 : 15));
      for (const std::int64_t skipped : {0, 1, 7, 8, 13, 14, 15, 16}) {
        CAPTURE(skipped);
        const auto first = all.begin() + std::min<std::int64_t>(skipped, std::ssize(all));
        CHECK(batches_of(dataset, 5, skipped) == decltype(all){first, all.end()});
      }
    }
  }
  CHECK(batches_of(slices(10).batch(4), 0, std::numeric_limits<std::int64_t>::max()).empty());
}

TEST_CASE("dataset: operations leave the dataset as it was") {
  const Dataset seven = slices(7);
  (void)seven.skip(3).batch(2).map([](Example example) { return example; });
  CHECK(numbers_of(seven) == counting(7));
  data::Iterator first = seven.begin(), second = seven.begin();  // and passes do not meet
  CHECK(number_of(*first.next()) == 0);
  CHECK(number_of(*second.next()) == 0);
  CHECK(number_of(*first.next()) == 1);
}

TEST_CASE("dataset: range-for") {
  Numbers seen;
  for (const Example& example : slices(5).shuffle(5, {.seed = 1}))
    seen.push_back(number_of(example));
  CHECK(seen == numbers_of(slices(5).shuffle(5, {.seed = 1})));
  for (const Example& example : slices(0)) FAIL("an element of none: ", number_of(example));
}

TEST_CASE("dataset: next gives none from the end on") {
  for (const NumberSource& source : kNumberSources) {
    CAPTURE(source.name);
    data::Iterator elements = source.make(2).shuffle(3).prefetch(1).begin();
    CHECK(elements.next().has_value());
    CHECK(elements.next().has_value());
    for (int again = 0; again < 3; ++again) CHECK_FALSE(elements.next().has_value());
    CHECK(elements.taken() == 2);
  }
}

TEST_CASE("dataset: an iterator outlives its dataset, and moves") {
  const auto start = [](std::int64_t count) {
    const Threads threads(4);
    return generated(count).map(plus_100, {.num_parallel_calls = 3}).prefetch(2).begin();
  };
  data::Iterator elements = start(4);
  CHECK(number_of(*elements.next()) == 100);
  data::Iterator moved = std::move(elements);
  CHECK(number_of(*moved.next()) == 101);
  elements = start(1000);
  CHECK(number_of(*elements.next()) == 100);
  elements = std::move(moved);  // over one that is under way
  CHECK(rest_of(elements) == Numbers{102, 103});
}

TEST_CASE("dataset: from_tensor_slices keeps structure, names and dtypes") {
  const Tensor a = arange(0, 12, 1, float32).reshaped({3, 2, 2});
  const Tensor text = Tensor::strings({"p", "q", "r"});
  const Tensor target = Tensor::numbers({7, 8, 9}, {3, 1}, int64);
  const Tensor weight = Tensor::numbers({.5, 1, 2});
  const Dataset dataset = data::from_tensor_slices(Tensors({{"image", a}, {"caption", text}}),
                                                   Tensors({target, text}), weight);
  CHECK(dataset.cardinality() == 3);
  data::Iterator elements = dataset.begin();
  for (std::int64_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    const std::optional<Example> element = elements.next();
    REQUIRE(element.has_value());
    REQUIRE(element->x.named());
    CHECK(element->x["image"].spec() == Spec{{2, 2}, float32});
    CHECK(element->x["image"].to_vector<float>() == a[i].to_vector<float>());
    CHECK(element->x["caption"].item<std::string>() == text.item<std::string>({i}));
    REQUIRE(element->y.count() == 2);
    CHECK_FALSE(element->y.named());
    CHECK(element->y.get(0).spec() == Spec{{1}, int64});
    CHECK(element->y.get(0).item<int>() == 7 + i);
    CHECK(element->y.get(1).rank() == 0);
    CHECK(element->sample_weight.single());
    CHECK(element->sample_weight.item<float>() == weight.item<float>({i}));
    CHECK_FALSE(element->x["image"].shares_storage_with(a));  // may be written to
  }
  CHECK_FALSE(elements.next().has_value());
}

TEST_CASE("dataset: zero rows are legal") {
  const Dataset empty = data::from_tensor_slices(zeros({0, 28, 28}), zeros({0}, int32));
  CHECK(empty.cardinality() == 0);
  for (const Dataset& dataset : {empty, empty.batch(4), empty.shuffle(5), empty.prefetch(2),
                                 empty.shuffle(5).repeat().batch(4).prefetch(2)}) {
    CHECK(dataset.cardinality() == 0);
    CHECK_FALSE(dataset.begin().next().has_value());
  }
}

TEST_CASE("dataset: a generator starts anew in every pass, captured state included") {
  const Dataset dataset = generated(3).repeat(2);
  for (int pass = 0; pass < 2; ++pass)
    CHECK(numbers_of(dataset, pass) == Numbers{0, 1, 2, 0, 1, 2});
  const Dataset endless = data::from_generator(
      [i = std::int64_t{0}]() mutable -> std::optional<Example> { return number(i++); });
  CHECK(endless.cardinality() == kUnknown);
  CHECK(numbers_of(endless.take(3).repeat(2)) == Numbers{0, 1, 2, 0, 1, 2});
}

TEST_CASE("dataset: wrong arguments are refused at once") {
  const Dataset d = slices(3);
  const auto f = std::function<Example(Example)>();
  CHECK_THROWS_WITH_AS((void)d.batch(0), "Dataset.batch: size is 0; expected 1 or more",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.batch(-3), "Dataset.batch: size is -3; expected 1 or more",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.shuffle(0), "Dataset.shuffle: buffer is 0; expected 1 or more",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.repeat(-2),
                       "Dataset.repeat: times is -2; expected -1 or more (-1: without end)",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.take(-2), "Dataset.take: n is -2; expected -1 or more (-1: all)",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.skip(-2), "Dataset.skip: n is -2; expected -1 or more (-1: all)",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.prefetch(0),
                       "Dataset.prefetch: n is 0; expected 1 or more, or AUTOTUNE", ValueError);
  CHECK_THROWS_WITH_AS((void)d.map(f), "Dataset.map: the function is empty", ValueError);
  CHECK_THROWS_WITH_AS((void)d.map(plus_100, {.num_parallel_calls = 0}),
                       "Dataset.map: num_parallel_calls is 0; expected 1 or more, or AUTOTUNE",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.filter(nullptr), "Dataset.filter: the function is empty",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.begin(-1), "Dataset.begin: pass is -1; expected 0 or more",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)d.begin(0, -1), "Dataset.begin: skipped is -1; expected 0 or more",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)data::from_generator(nullptr), "from_generator: the function is empty",
                       ValueError);
  const Dataset none;
  CHECK_FALSE(none.defined());
  CHECK_THROWS_WITH_AS((void)none.batch(2), doctest::Contains("start from from_tensor_slices"),
                       ValueError);
  CHECK_THROWS_AS((void)none.begin(), ValueError);
}

TEST_CASE("dataset: from_tensor_slices refuses tensors that do not belong together") {
  const auto refused = [](const Tensors& x, const Tensors& y) {
    return data::from_tensor_slices(x, y);
  };
  CHECK_THROWS_WITH_AS(
      (void)refused(zeros({10, 4}), zeros({9}, uint8)),
      "from_tensor_slices: numbers of samples differ: x f32[10, 4], y u8[9]; the first sizes must "
      "be equal",
      ShapeError);
  CHECK_THROWS_WITH_AS((void)refused(Tensors({{"a", zeros({3})}, {"b", ones({})}}), {}),
                       doctest::Contains("x \"a\" f32[3], x \"b\" f32[]"), ShapeError);
  CHECK_THROWS_WITH_AS((void)refused({}, zeros({3})),
                       "from_tensor_slices: x is empty; expected a tensor", ValueError);
  CHECK_THROWS_WITH_AS((void)refused(zeros({3}), Tensor()), doctest::Contains("never set"),
                       ValueError);
}

}  // namespace
}  // namespace keratin::tests
