// Batches: gathered from rows of tensors, or stacked from single elements.
#include <doctest/doctest.h>

#include "tests/data/support.h"

namespace keratin::tests {
namespace {

// Columns of every dtype whose values tell the row.
Example columns(std::int64_t rows) {
  const auto n = static_cast<double>(rows);
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < rows; ++i) texts.push_back("row " + std::to_string(i));
  return {.x = Tensors({{"f32", arange(0, 6 * n, 1, float32).reshaped({rows, 3, 2})},
                        {"u8", arange(0, n, 1, uint8)},
                        {"bool", Tensor::empty({rows, 0}, boolean)},
                        {"string", Tensor::strings(texts)}}),
          .y = Tensors({arange(0, n, 1, int64).reshaped({rows, 1}), arange(0, n, 1, float64)}),
          .sample_weight = arange(0, n, 1, bfloat16)};
}

TEST_CASE("batch: shapes, order and the last one") {
  for (const NumberSource& source : kNumberSources) {
    for (const std::int64_t size : {1, 2, 3, 7, 8, 100}) {
      for (const bool drop_remainder : {false, true}) {
        CAPTURE(source.name);
        CAPTURE(size);
        CAPTURE(drop_remainder);
        const Dataset dataset = source.make(7).batch(size, {.drop_remainder = drop_remainder});
        std::vector<std::vector<std::int64_t>> expected;
        for (std::int64_t i = 0; i < 7; i += size) {
          if (drop_remainder && i + size > 7) break;
          expected.emplace_back();
          for (std::int64_t j = i; j < std::min<std::int64_t>(7, i + size); ++j)
            expected.back().push_back(j);
        }
        CHECK(batches_of(dataset) == expected);
        CHECK(dataset.cardinality() ==
              (source.knows_its_size ? std::ssize(expected) : data::kUnknown));
      }
    }
  }
}

TEST_CASE("batch: of batches") {
  for (const NumberSource& source : kNumberSources) {
    CAPTURE(source.name);
    data::Iterator batches = source.make(6).batch(2).batch(2).begin();
    CHECK(batches.next()->x.spec() == Spec{{2, 2}, int32});
    CHECK(batches.next()->x.spec() == Spec{{1, 2}, int32});
    CHECK_FALSE(batches.next().has_value());
  }
}

TEST_CASE("batch: before repeat batches stay within a repetition, after it they cross") {
  using Batches = std::vector<std::vector<std::int64_t>>;
  CHECK(batches_of(slices(3).batch(2).repeat(2)) == Batches{{0, 1}, {2}, {0, 1}, {2}});
  CHECK(batches_of(slices(3).repeat(2).batch(2)) == Batches{{0, 1}, {2, 0}, {1, 2}});
}

TEST_CASE("batch: every dtype and structure, gathered or stacked, shuffled") {
  constexpr std::int64_t kRows = 11;
  const Example all = columns(kRows);
  const Dataset rows = data::from_tensor_slices(all.x, all.y, all.sample_weight);
  const Dataset examples = rows.map([](Example example) { return example; });
  for (const Dataset& source : {rows, examples}) {
    data::Iterator batches = source.shuffle(kRows, {.seed = 6}).batch(4).begin();
    std::vector<bool> seen(kRows, false);
    for (const std::int64_t size : {4, 4, 3}) {
      const std::optional<Example> batch = batches.next();
      REQUIRE(batch.has_value());
      REQUIRE(batch->x.named());
      CHECK(batch->x["f32"].spec() == Spec{{size, 3, 2}, float32});
      CHECK(batch->x["u8"].spec() == Spec{{size}, uint8});
      CHECK(batch->x["bool"].spec() == Spec{{size, 0}, boolean});
      CHECK(batch->x["string"].spec() == Spec{{size}, string});
      REQUIRE(batch->y.count() == 2);
      CHECK(batch->y.get(0).spec() == Spec{{size, 1}, int64});
      CHECK(batch->y.get(1).spec() == Spec{{size}, float64});
      CHECK(batch->sample_weight.spec() == Spec{{size}, bfloat16});
      for (std::int64_t i = 0; i < size; ++i) {  // the columns of a row stay together
        const auto row = batch->x["u8"].item<std::int64_t>({i});
        CHECK_FALSE(seen[static_cast<std::size_t>(row)]);
        seen[static_cast<std::size_t>(row)] = true;
        CHECK(batch->x["f32"][i].to_vector<float>() == all.x["f32"][row].to_vector<float>());
        CHECK(batch->x["string"].item<std::string>({i}) == "row " + std::to_string(row));
        CHECK(batch->y.get(0).item<std::int64_t>({i, 0}) == row);
        CHECK(batch->y.get(1).item<std::int64_t>({i}) == row);
        CHECK(batch->sample_weight.item<std::int64_t>({i}) == row);
      }
    }
    CHECK_FALSE(batches.next().has_value());
  }
}

// The second element of a batch is not like the first.
Dataset unlike(const Example& first, const Example& second) {
  return data::from_generator([first, second, i = 0]() mutable -> std::optional<Example> {
    return ++i == 1 ? first : second;
  });
}

TEST_CASE("batch: elements that differ are refused, in words") {
  const Tensor x = zeros({28, 28}, uint8);
  const auto pass = [](const Example& first, const Example& second) {
    (void)unlike(first, second).batch(2).begin().next();
  };
  CHECK_THROWS_WITH_AS(
      pass({.x = x}, {.x = zeros({28, 27}, uint8)}),
      "Dataset.batch: elements of a batch differ in shape: element 0 has x u8[28, 28], element 1 "
      "has x u8[28, 27]; they must be alike. Pad, cut or resize them in map before.",
      ShapeError);
  CHECK_THROWS_WITH_AS(
      pass({.x = x, .y = Tensors({{"kind", ones({})}})},
           {.x = x, .y = Tensors({{"kind", ones({}, int32)}})}),
      "Dataset.batch: elements of a batch differ in dtype: element 0 has y \"kind\" f32[], element "
      "1 has y \"kind\" i32[]; they must be alike. Cast them in map before.",
      DTypeError);
  CHECK_THROWS_WITH_AS(pass({.x = x, .y = ones({})}, {.x = x}),
                       "Dataset.batch: elements of a batch differ in structure: y of element 0 is "
                       "one tensor, of element 1 is none; they must be alike",
                       ValueError);
  CHECK_THROWS_WITH_AS(pass({.x = Tensors({{"a", x}})}, {.x = Tensors({{"b", x}})}),
                       doctest::Contains("x of element 0 is \"a\", of element 1 is \"b\""),
                       ValueError);
  CHECK_THROWS_WITH_AS(pass({.x = Tensors({x, x})}, {.x = Tensors({x})}),
                       doctest::Contains("a list of 2, of element 1 is a list of 1"), ValueError);
  CHECK_THROWS_WITH_AS(pass({.x = x}, {.x = Tensor()}),
                       doctest::Contains("element 1 of the batch has no value"), ValueError);
  CHECK_NOTHROW(pass({.x = x, .y = x}, {.x = x, .y = x}));
}

}  // namespace
}  // namespace keratin::tests
