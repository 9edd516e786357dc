// to_categorical, pad_sequences, split_dataset, timeseries_dataset_from_array: held against Keras
// (tests/golden/makers/datasets.py), and what they refuse.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "data/utils/pad_sequences.h"
#include "data/utils/split_dataset.h"
#include "data/utils/timeseries_dataset.h"
#include "data/utils/to_categorical.h"
#include "tests/data/support.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

using data::pad_sequences, data::split_dataset, data::to_categorical;
using data::timeseries_dataset_from_array;
using doctest::Contains;
using Numbers = std::vector<std::int64_t>;

// Nested lists of numbers.
Tensor nested(const Json& list, DType dtype) {
  Shape shape;
  for (const Json* level = &list; level->is_array(); level = &level->front()) {
    shape.push_back(std::ssize(*level));
    if (level->empty()) break;
  }
  std::vector<double> values;
  const std::function<void(const Json&)> flatten = [&](const Json& value) {
    if (!value.is_array()) return values.push_back(value.get<double>());
    for (const Json& inner : value) flatten(inner);
  };
  flatten(list);
  Tensor y = Tensor::empty(shape, dtype);
  for (std::int64_t i = 0; i < y.size(); ++i)
    y.reshaped({y.size()})[i].copy_from(Tensor::scalar(values[static_cast<std::size_t>(i)], dtype));
  return y;
}

void check(const Tensor& actual, const Json& test) {
  CHECK(actual.shape() == to_shape(test.at("shape")));
  CHECK(actual.to_vector<double>() == to_numbers(test.at("result")));
}

Tensor run_to_categorical(Options& options, DType dtype) {
  std::optional<std::int64_t> classes;
  if (const Json* given = options.find("num_classes"); given != nullptr && !given->is_null())
    classes = given->get<std::int64_t>();
  return to_categorical(nested(*options.find("y"), dtype), classes);
}

Tensor run_pad_sequences(Options& options) {
  data::PadSequencesOptions how;
  if (const Json* given = options.find("maxlen"); given != nullptr && !given->is_null())
    how.maxlen = given->get<std::int64_t>();
  if (const Json* value = options.find("value")) how.value = value->get<double>();
  if (const Json* dtype = options.find("dtype"))
    how.dtype = dtype_from_name(dtype->get<std::string>());
  options.read("padding", how.padding).read("truncating", how.truncating);
  std::vector<Tensor> sequences;
  for (const Json& sequence : *options.find("sequences"))
    sequences.push_back(nested(sequence, how.dtype == int32 ? int64 : how.dtype));
  return pad_sequences(sequences, how);
}

std::optional<data::SplitSize> size_of_side(const Json& given) {
  if (given.is_null()) return {};
  return given.is_number_float() ? data::SplitSize(given.get<double>())
                                 : data::SplitSize(given.get<std::int64_t>());
}

void check_split(Options& options, const Json& expected) {
  std::int64_t rows = 0;
  options.read("rows", rows);
  const data::SplitDatasetOptions how = {.left_size = size_of_side(*options.find("left_size")),
                                         .right_size = size_of_side(*options.find("right_size"))};
  for (const NumberSource& source : kNumberSources) {
    const auto [left, right] = split_dataset(source.make(rows).batch(3).prefetch(1), how);
    CHECK(Json(batches_of(left)) == expected[0]);
    CHECK(Json(batches_of(right)) == expected[1]);
    CHECK(left.cardinality() == std::ssize(expected[0]));
    const auto [single, rest] = split_dataset(source.make(rows), how);
    CHECK(Json(batches_of(single.batch(3))) == expected[0]);
    CHECK(Json(batches_of(rest.batch(3))) == expected[1]);
  }
}

void check_timeseries(Options& options, const Json& expected) {
  data::TimeseriesOptions how;
  options.read("sequence_length", how.sequence_length)
      .read("sequence_stride", how.sequence_stride)
      .read("sampling_rate", how.sampling_rate)
      .read("start_index", how.start_index)
      .read("end_index", how.end_index);
  if (const Json* size = options.find("batch_size")) {
    how.batch_size = {};
    if (!size->is_null()) how.batch_size = size->get<std::int64_t>();
  }
  Tensor targets;
  if (const Json& count = *options.find("targets"); !count.is_null())
    targets = arange(100, 100 + count.get<double>(), 1, int64);
  const Dataset dataset = timeseries_dataset_from_array(arange(0, 20, 1, int32), targets, how);
  CHECK(dataset.cardinality() == std::ssize(expected));
  for (std::int64_t skipped = 0; skipped <= std::ssize(expected); ++skipped) {
    data::Iterator elements = dataset.begin(0, skipped);
    for (std::int64_t i = skipped; i < std::ssize(expected); ++i) {
      const auto element = elements.next();
      REQUIRE(element.has_value());
      const Json& parts = expected[static_cast<std::size_t>(i)];
      const Tensor x = nested(parts[0], int32);
      CHECK(element->x.spec() == x.spec());
      CHECK(element->x.to_vector<int>() == x.to_vector<int>());
      if (!targets.defined()) {
        CHECK(element->y.none());
      } else if (parts[1].is_array()) {
        CHECK(Json(element->y.to_vector<int>()) == parts[1]);
      } else {
        CHECK(element->y.item<int>() == parts[1].get<int>());
      }
    }
    CHECK_FALSE(elements.next().has_value());
  }
}

TEST_CASE("golden utilities: as in keras.utils") {
  for (const Json& test : golden("datasets").at("utilities")) {
    CAPTURE(test.dump());
    const auto op = test.at("op").get<std::string>();
    Options options(test.at("options"));
    if (op == "to_categorical") {
      for (const DType dtype : {uint8, int32, int64, float32})
        check(run_to_categorical(options, dtype), test);
    } else if (op == "pad_sequences") {
      check(run_pad_sequences(options), test);
    } else if (op == "split_dataset") {
      check_split(options, test.at("result"));
    } else {
      CHECK(op == "timeseries_dataset_from_array");
      check_timeseries(options, test.at("result"));
    }
    options.done();
  }
}

TEST_CASE("to_categorical: what it refuses") {
  CHECK_THROWS_WITH_AS((void)to_categorical(Tensor::numbers({0, -1}, {2}, int32)),
                       "to_categorical: label 1 is -1; expected 0 to 0", ValueError);
  CHECK_THROWS_WITH_AS((void)to_categorical(Tensor::numbers({0, 10}, {2}, uint8), 10),
                       "to_categorical: label 1 is 10; expected 0 to 9", ValueError);
  CHECK_THROWS_WITH_AS((void)to_categorical(Tensor::numbers({0, 1.5})),
                       Contains("y holds 1.5, which is no class number"), ValueError);
  CHECK_THROWS_AS((void)to_categorical(Tensor::numbers({NAN})), ValueError);
  CHECK_THROWS_AS((void)to_categorical(Tensor::numbers({1e300})), ValueError);
  CHECK_THROWS_AS((void)to_categorical(Tensor::strings({"a"})), DTypeError);
  CHECK_THROWS_AS((void)to_categorical(Tensor()), ValueError);
  CHECK_THROWS_AS((void)to_categorical(zeros({0}, int32)), ValueError);
  CHECK_THROWS_AS((void)to_categorical(zeros({1}, int32), 0), ValueError);
  CHECK(to_categorical(zeros({0, 1}, int32), 3).shape() == Shape{0, 3});
}

TEST_CASE("pad_sequences: braces, strings, other types; what it refuses") {
  CHECK(pad_sequences({{1, 2, 3}, {4}}).to_vector<int>() == std::vector<int>{1, 2, 3, 0, 0, 4});
  CHECK(pad_sequences(std::vector<std::vector<double>>{{0.5}, {}}, {.dtype = float64}).spec() ==
        Spec{{2, 1}, float64});
  const Tensor words =
      pad_sequences(std::vector<Tensor>{Tensor::strings({"a", "b"}), Tensor::strings({"c"})},
                    {.dtype = string, .padding = "post", .value = "-"});
  CHECK(words.to_vector<std::string>() == std::vector<std::string>{"a", "b", "c", "-"});
  CHECK(pad_sequences(std::vector<Tensor>{}, {.maxlen = 3}).shape() == Shape{0, 3});
  CHECK(pad_sequences({{}, {}}).shape() == Shape{2, 0});
  const std::vector<std::vector<double>> halves = {{1}, {2.5}};
  CHECK_THROWS_WITH_AS((void)pad_sequences(halves),
                       "pad_sequences: sequence 1 holds 2.5, which as int32 would be 2; pass "
                       "another dtype, such as float32",
                       ValueError);
  CHECK_THROWS_WITH_AS((void)pad_sequences({{1}, {1LL << 40}}), Contains("1099511627776"),
                       ValueError);
  CHECK_THROWS_WITH_AS((void)pad_sequences({{1}}, {.value = 0.5}), Contains("value holds 0.5"),
                       ValueError);
  CHECK_THROWS_AS((void)pad_sequences({{1}}, {.maxlen = 0}), ValueError);
  CHECK_THROWS_AS((void)pad_sequences({{1}}, {.padding = "before"}), ValueError);
  CHECK_THROWS_AS((void)pad_sequences({{1}}, {.truncating = ""}), ValueError);
  CHECK_THROWS_AS((void)pad_sequences({{1}}, {.value = "x"}), DTypeError);
  CHECK_THROWS_AS((void)pad_sequences({{1}}, {.dtype = string, .value = "x"}), DTypeError);
  CHECK_THROWS_AS((void)pad_sequences(std::vector<Tensor>{}), ValueError);
  CHECK_THROWS_AS((void)pad_sequences(std::vector<Tensor>{zeros({})}), ShapeError);
  CHECK_THROWS_AS((void)pad_sequences(std::vector<Tensor>{zeros({1, 2}), zeros({1, 3})}),
                  ShapeError);
}

TEST_CASE("split_dataset: shuffled, each sample on one side; what it refuses") {
  for (const NumberSource& source : kNumberSources) {
    const data::SplitDatasetOptions how = {.left_size = 0.7, .shuffle = true, .seed = 5};
    const auto [left, right] = split_dataset(source.make(20), how);
    Numbers all = numbers_of(left);
    CHECK(all != counting(14));
    CHECK(all == numbers_of(left, 3));
    CHECK(all == numbers_of(split_dataset(source.make(20), how).first));
    const Numbers rest = numbers_of(right, 0, 0);
    all.insert(all.end(), rest.begin(), rest.end());
    std::sort(all.begin(), all.end());
    CHECK(all == counting(20));
    CHECK(numbers_of(left, 0, 10).size() == 4);
  }
  const Dataset ten = slices(10);
  for (const data::SplitDatasetOptions& bad : {data::SplitDatasetOptions{},
                                               {.left_size = 0},
                                               {.left_size = 10},
                                               {.left_size = 1.0},
                                               {.left_size = 0.0},
                                               {.right_size = -0.5},
                                               {.left_size = NAN},
                                               {.left_size = 6, .right_size = 5},
                                               {.left_size = 0.8, .right_size = 0.3},
                                               {.left_size = 0.01},
                                               {.right_size = 11}})
    CHECK_THROWS_AS((void)split_dataset(ten, bad), ValueError);
  CHECK_THROWS_WITH_AS((void)split_dataset(ten.take(0), {.left_size = 0.5}),
                       Contains("0 samples cannot be split"), ValueError);
  CHECK_THROWS_AS((void)split_dataset(generated(0), {.left_size = 0.5}), ValueError);
  CHECK_THROWS_AS((void)split_dataset(ten.repeat(), {.left_size = 5}), ValueError);
  CHECK_THROWS_AS((void)split_dataset(Dataset(), {.left_size = 5}), ValueError);
}

TEST_CASE("timeseries_dataset_from_array: features, shuffling; what it refuses") {
  const Tensor data = arange(0, 60, 1, float32).reshaped({30, 2});
  const Dataset shuffled = timeseries_dataset_from_array(
      data, data, {.sequence_length = 4, .batch_size = 5, .shuffle = true, .seed = 2});
  std::vector<Numbers> firsts;
  for (const std::int64_t pass : {0, 1, 0}) {
    Numbers& first = firsts.emplace_back();
    data::Iterator batches = shuffled.begin(pass);
    while (const auto batch = batches.next()) {
      CHECK(batch->x.shape().slice(1, 3) == Shape{4, 2});
      for (std::int64_t i = 0; i < batch->x.shape()[0]; ++i) {
        first.push_back(batch->x.item<std::int64_t>({i, 0, 0}));
        CHECK(batch->x.item<std::int64_t>({i, 3, 1}) == first.back() + 7);
        CHECK(batch->y.item<std::int64_t>({i, 1}) == first.back() + 1);
      }
    }
  }
  CHECK(firsts[0] == firsts[2]);
  CHECK(firsts[0] != firsts[1]);
  for (Numbers& first : firsts) std::sort(first.begin(), first.end());
  CHECK(firsts[0] == firsts[1]);
  CHECK(firsts[0].size() == 27);
  // Unlike in Keras the end may be that of the data.
  CHECK(timeseries_dataset_from_array(data, {}, {.sequence_length = 30, .end_index = 30})
            .cardinality() == 1);
  CHECK(timeseries_dataset_from_array(ones({1}), {}, {.sequence_length = 1}).cardinality() == 1);
  for (const data::TimeseriesOptions& bad :
       {data::TimeseriesOptions{},
        {.sequence_length = 31},
        {.sequence_length = 4, .sampling_rate = 10},
        {.sequence_length = 2, .sequence_stride = 0},
        {.sequence_length = 2, .sequence_stride = 30},
        {.sequence_length = 2, .sampling_rate = 0},
        {.sequence_length = 2, .sampling_rate = 30},
        {.sequence_length = 2, .batch_size = 0},
        {.sequence_length = 2, .start_index = -1},
        {.sequence_length = 2, .start_index = 30},
        {.sequence_length = 2, .end_index = 31},
        {.sequence_length = 2, .end_index = 0},
        {.sequence_length = 1LL << 62, .sampling_rate = 4},
        {.sequence_length = 2, .start_index = 5, .end_index = 5}})
    CHECK_THROWS_AS((void)timeseries_dataset_from_array(data, {}, bad), ValueError);
  CHECK_THROWS_WITH_AS((void)timeseries_dataset_from_array(
                           data, ones({10}), {.sequence_length = 2, .start_index = 5}),
                       Contains("targets are too few: f32[10]; the last of 10 sequences begins at "
                                "row 14"),
                       ValueError);
  CHECK_THROWS_AS((void)timeseries_dataset_from_array(zeros({}), {}, {.sequence_length = 1}),
                  ShapeError);
  CHECK_THROWS_AS((void)timeseries_dataset_from_array({}, {}, {.sequence_length = 1}), ShapeError);
  CHECK_THROWS_AS((void)timeseries_dataset_from_array(zeros({0}), {}, {.sequence_length = 1}),
                  ValueError);
}

}  // namespace
}  // namespace keratin::tests
