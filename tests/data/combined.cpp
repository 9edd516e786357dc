// zip, concatenate, unbatch, enumerate, padded_batch, window: structure, dtypes, what is refused.
// Orders are held against tf.data: golden_datasets.cpp.
#include <doctest/doctest.h>

#include <limits>

#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using data::kInfinite, data::kUnknown;
using Numbers = std::vector<std::int64_t>;

Example all_of(const Dataset& dataset) { return *dataset.batch(1000).begin().next(); }

TEST_CASE("zip: x, y and weights of datasets, by name or in a list") {
  const Dataset a = slices(3), b = generated(3).map(plus_100);
  const Example pair = all_of(data::zip(a, b, a));
  CHECK(pair.x.to_vector<std::int64_t>() == counting(3));
  CHECK(pair.y.to_vector<std::int64_t>() == Numbers{100, 101, 102});
  CHECK(pair.sample_weight.to_vector<std::int64_t>() == counting(3));

  const Example named = all_of(data::zip({{"left", a}, {"right", b}}, {a, data::zip({a, b})}));
  REQUIRE(named.x.named());
  CHECK(named.x["right"].to_vector<std::int64_t>() == Numbers{100, 101, 102});
  REQUIRE(named.y.count() == 3);  // flat
  CHECK_FALSE(named.y.single());
  CHECK(named.y.get(2).to_vector<std::int64_t>() == Numbers{100, 101, 102});

  CHECK(data::zip(a, data::from_generator([] { return std::optional<Example>(number(1)); }))
            .cardinality() == kUnknown);
  CHECK(data::zip(slices(4).repeat(), a).cardinality() == 3);
  CHECK(data::zip(slices(4).repeat(), a.repeat()).cardinality() == kInfinite);
  CHECK(batches_of(data::zip(a.shuffle(3, {.seed = 1})), 4) ==  // all are told the pass
        batches_of(a.shuffle(3, {.seed = 1}), 4));
}

TEST_CASE("zip: what it refuses") {
  const Dataset a = slices(3), pairs = data::zip(a, a);
  CHECK_THROWS_WITH_AS((void)data::zip({}), "zip: x is empty; expected a dataset", ValueError);
  CHECK_THROWS_WITH_AS((void)data::zip(a, Dataset()), doctest::Contains("Dataset.zip"), ValueError);
  CHECK_THROWS_WITH_AS((void)data::zip(a, pairs).begin().next(),
                       "zip: a dataset that is to be y gives elements of x i32[], y i32[]; "
                       "expected x alone. Choose one by map before: example.y = {}.",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)data::zip({{"both", data::zip({a, a})}}).begin().next(),
                       "zip: the dataset that is to be x \"both\" gives elements of 2 tensors; "
                       "expected one",
                       ValueError);
}

TEST_CASE("concatenate: rows of one table stay rows, others become examples") {
  const Dataset seven = slices(7);
  CHECK(batches_of(seven.take(2).concatenate(seven.skip(5)).batch(3)) ==
        std::vector<Numbers>{{0, 1, 5}, {6}});
  for (const NumberSource& first : kNumberSources) {
    for (const NumberSource& second : kNumberSources) {
      CAPTURE(first.name);
      CAPTURE(second.name);
      const Dataset both = first.make(3).concatenate(second.make(2).map(plus_100));
      CHECK(both.cardinality() == (first.knows_its_size && second.knows_its_size ? 5 : kUnknown));
      for (std::int64_t skipped = 0; skipped < 7; ++skipped) {
        const Numbers all = {0, 1, 2, 100, 101};
        CHECK(numbers_of(both, 2, skipped) ==
              Numbers(all.begin() + std::min<std::int64_t>(skipped, 5), all.end()));
      }
    }
  }
  CHECK(seven.concatenate(seven.repeat()).cardinality() == kInfinite);
  CHECK(generated(2).concatenate(seven.repeat()).cardinality() == kInfinite);
  CHECK(numbers_of(seven.repeat().concatenate(seven).skip(8).take(2)) == Numbers{1, 2});
}

TEST_CASE("concatenate: datasets that differ") {
  const Dataset a = slices(2);
  CHECK_THROWS_WITH_AS(
      (void)numbers_of(a.concatenate(data::zip(a, a))),
      "Dataset.concatenate: the datasets differ in structure: y of the first is none, of the "
      "second is one tensor; they must be alike",
      ValueError);
  CHECK_THROWS_WITH_AS(
      (void)numbers_of(a.concatenate(data::range(2))),
      "Dataset.concatenate: the datasets differ in dtype: x is i32[] in the first and i64[] in the "
      "second; they must be alike. Cast one in map before.",
      DTypeError);
  CHECK_NOTHROW((void)numbers_of(a.take(0).concatenate(data::range(2))));
  CHECK_THROWS_AS((void)a.concatenate(Dataset()), ValueError);
}

TEST_CASE("unbatch: undoes batch, whatever the batches") {
  for (const NumberSource& source : kNumberSources) {
    for (const std::int64_t size : {1, 3, 7, 10}) {
      CAPTURE(source.name);
      const Dataset single = source.make(7).batch(size).unbatch();
      CHECK(single.cardinality() == kUnknown);
      for (std::int64_t skipped = 0; skipped < 9; ++skipped) {
        const Numbers all = counting(7);
        CHECK(numbers_of(single, 0, skipped) ==
              Numbers(all.begin() + std::min<std::int64_t>(skipped, 7), all.end()));
      }
    }
  }
  const Dataset texts = data::from_tensors(Tensor::strings({"p", "q"}), zeros({2, 3}));
  const Example second = *texts.unbatch().begin(0, 1).next();
  CHECK(second.x.item<std::string>() == "q");
  CHECK(second.y.spec() == Spec{{3}, float32});
  CHECK(numbers_of(data::from_tensors(zeros({0}, int32)).repeat(3).unbatch()).empty());
  CHECK_THROWS_WITH_AS((void)slices(2).unbatch().begin().next(),
                       "Dataset.unbatch: a tensor has no axis to slice: x i32[]; expected batches",
                       ShapeError);
  CHECK_THROWS_WITH_AS((void)data::from_tensors(zeros({2}), zeros({3, 1})).unbatch().begin().next(),
                       "Dataset.unbatch: tensors of a batch differ in rows: x f32[2], y f32[3, 1]; "
                       "the first sizes must be equal",
                       ShapeError);
}

TEST_CASE("enumerate: the number goes before x") {
  const Dataset named = data::from_tensors({{"a", ones({2})}}, ones({1})).repeat(3).enumerate(7);
  CHECK(named.cardinality() == 3);
  const Example third = *named.begin(0, 2).next();
  CHECK(third.x["index"].spec() == Spec{{}, int64});
  CHECK(third.x["index"].item<std::int64_t>() == 9);
  CHECK(third.x["a"].shape() == Shape{2});
  CHECK(third.y.shape() == Shape{1});
  const Example list = *data::from_tensors({ones({2}), ones({3})}).enumerate().begin().next();
  REQUIRE(list.x.count() == 3);
  CHECK(list.x.get(2).shape() == Shape{3});
  CHECK_THROWS_WITH_AS((void)named.enumerate().begin().next(),
                       doctest::Contains("x has an \"index\" already"), ValueError);
  // Numbers that int64 holds come out as they are.
  CHECK(number_of(*slices(1).enumerate((1LL << 53) + 1).begin().next()) == (1LL << 53) + 1);
}

TEST_CASE("from_tensors: one element, anew in each pass") {
  const Tensor x = ones({2, 2});
  const Dataset one = data::from_tensors(x, Tensor::strings({"p"}));
  CHECK(one.cardinality() == 1);
  for (int pass = 0; pass < 2; ++pass) {
    data::Iterator elements = one.begin(pass);
    Example element = *elements.next();
    CHECK(element.x.to_vector<float>() == std::vector<float>(4, 1));
    element.x.mutable_data<float>()[0] = 5;  // of the copy
    CHECK_FALSE(elements.next().has_value());
  }
  CHECK_THROWS_AS((void)data::from_tensors({}), ValueError);
  CHECK_THROWS_AS((void)data::from_tensors(Tensor()), ValueError);
}

TEST_CASE("range: at the ends of int64") {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK(numbers_of(data::range(most - 2, most)) == Numbers{most - 2, most - 1});
  CHECK(numbers_of(data::range(least, most, most)) == Numbers{least, -1, most - 1});
  CHECK(data::range(most).cardinality() == most);
  CHECK(numbers_of(data::range(most), 0, most - 1) == Numbers{most - 1});
  CHECK_THROWS_AS((void)data::range(least, most), ValueError);
  CHECK_THROWS_WITH_AS((void)data::range(0, 3, 0), "range: step is 0; expected another number",
                       ValueError);
}

// Images of growing height and width, texts of growing number, a fixed label.
Dataset growing() {
  return data::range(3).map([](Example example) {
    const std::int64_t n = number_of(example) + 1;
    return Example{.x = Tensors({{"image", full({n, 3 - n, 2}, static_cast<double>(n), uint8)},
                                 {"words", Tensor::strings(std::vector<std::string>(
                                               static_cast<std::size_t>(n), std::to_string(n)))}}),
                   .y = Tensor::scalar(static_cast<double>(n))};
  });
}

TEST_CASE("padded_batch: several axes, strings, names, values") {
  const Example batch =
      *growing()
           .padded_batch(3, {.padding_values = {.x = Tensors({{"image", Tensor::scalar(9)}})}})
           .begin()
           .next();
  CHECK(batch.x["image"].spec() == Spec{{3, 3, 2, 2}, uint8});
  CHECK(batch.x["image"][0].to_vector<int>() ==
        std::vector<int>{1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9});
  CHECK(batch.x["image"][1].to_vector<int>() ==
        std::vector<int>{2, 2, 9, 9, 2, 2, 9, 9, 9, 9, 9, 9});
  CHECK(batch.x["image"][2].to_vector<int>() == std::vector<int>(12, 9));  // [3, 0, 2]
  CHECK(batch.x["words"].to_vector<std::string>() ==
        std::vector<std::string>{"1", "", "", "2", "2", "", "3", "3", "3"});
  CHECK(batch.y.to_vector<int>() == std::vector<int>{1, 2, 3});

  const Example wide =
      *growing()
           .padded_batch(
               2, {.padded_shapes = {.x = Named<Shape>({{"words", {4}}})},
                   .padding_values = {.x = Tensors({{"words", Tensor::strings({"-"}, Shape{})}})}})
           .begin()
           .next();
  CHECK(wide.x["words"].to_vector<std::string>() ==
        std::vector<std::string>{"1", "-", "-", "-", "2", "2", "-", "-"});
  CHECK(wide.x["image"].shape() == Shape{2, 2, 2, 2});
  CHECK(growing().padded_batch(2).begin(0, 1).next()->x["words"].shape() == Shape{1, 3});
}

TEST_CASE("padded_batch: what it refuses") {
  const auto first = [](data::PaddedBatchOptions options) {
    (void)growing().padded_batch(3, options).begin().next();
  };
  CHECK_THROWS_WITH_AS(
      first({.padded_shapes = {.x = Named<Shape>({{"words", {2}}})}}),
      "Dataset.padded_batch: an element is too long: x \"words\" of element 2 is string[3], and "
      "padded_shapes allows 2 along axis 0. Cut it in map before, or pad to the longest (-1).",
      ShapeError);
  CHECK_THROWS_WITH_AS(first({.padded_shapes = {.x = Named<Shape>({{"words", {2, 2}}})}}),
                       doctest::Contains("x \"words\" of element 0 is string[1]; padded_shapes has "
                                         "[2, 2]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(first({.padded_shapes = {.x = Named<Shape>({{"world", {2}}})}}),
                       doctest::Contains("padded_shapes has x \"world\""), ValueError);
  CHECK_THROWS_WITH_AS(first({.padded_shapes = {.x = Several<Shape>({Shape{2}})}}),
                       doctest::Contains("a list of 1"), ValueError);
  CHECK_THROWS_WITH_AS(first({.padding_values = {.x = Tensors({{"image", Tensor::scalar(300)}})}}),
                       doctest::Contains("300 for x \"image\", which as uint8 would be 255"),
                       ValueError);
  CHECK_THROWS_WITH_AS(first({.padding_values = {.x = Tensors({{"words", Tensor::scalar(0)}})}}),
                       doctest::Contains("f32[] for x \"words\", which is string"), DTypeError);
  CHECK_THROWS_AS((void)growing().padded_batch(2, {.padding_values = {.x = ones({2})}}),
                  ShapeError);
  CHECK_THROWS_AS((void)growing().padded_batch(2, {.padded_shapes = {.x = Shape{-2}}}), ValueError);
  CHECK_THROWS_AS((void)growing().padded_batch(0), ValueError);
  const Dataset ranks = data::from_tensors(zeros({2})).concatenate(data::from_tensors(zeros({})));
  CHECK_THROWS_WITH_AS((void)ranks.padded_batch(2).begin().next(),
                       doctest::Contains("ranks differ: x of element 1 is f32[]; that of element 0 "
                                         "is f32[2]"),
                       ShapeError);
}

TEST_CASE("window, shard: arguments") {
  const Dataset ten = slices(10);
  CHECK_THROWS_AS((void)ten.window(0), ValueError);
  CHECK_THROWS_AS((void)ten.window(2, {.shift = 0}), ValueError);
  CHECK_THROWS_AS((void)ten.window(2, {.stride = 0}), ValueError);
  CHECK_THROWS_AS((void)ten.window(1LL << 40, {.stride = 1LL << 40}), ValueError);
  CHECK_THROWS_WITH_AS((void)ten.shard(3, 3), "Dataset.shard: index is 3; expected 0 to 2",
                       ValueError);
  CHECK_THROWS_AS((void)ten.shard(3, -1), ValueError);
  CHECK_THROWS_AS((void)ten.shard(0, 0), ValueError);
  CHECK_THROWS_WITH_AS((void)growing().window(2).begin().next(),
                       doctest::Contains("Dataset.window: elements of a batch differ in shape"),
                       ShapeError);
  CHECK(ten.repeat().window(2).cardinality() == kInfinite);
  CHECK(ten.repeat().shard(3, 1).cardinality() == kInfinite);
  CHECK(numbers_of(ten.repeat().shard(4, 1).take(4), 0, 1) == Numbers{5, 9, 3});
}

}  // namespace
}  // namespace keratin::tests
