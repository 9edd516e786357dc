// Datasets of numbers, held against tf.data: tests/golden/makers/datasets.py.
#include <doctest/doctest.h>

#include <map>

#include "tests/data/support.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

Dataset counting_dataset(const Example& example) {
  const std::int64_t e = number_of(example);
  return data::range(10 * e, 10 * e + (e == 4 ? 0 : e));
}

// [], [1], [2, 2] ... of 0, 1, 2 ...
Dataset ragged() {
  return data::range(5).map([](Example example) {
    const std::int64_t n = number_of(example);
    return Example{.x = full({n}, static_cast<double>(n), int64)};
  });
}

Dataset interleaved(Options& options, std::optional<int> threads) {
  data::InterleaveOptions how = {.num_parallel_calls = threads};
  options.read("cycle_length", how.cycle_length).read("block_length", how.block_length);
  return data::range(7).interleave(counting_dataset, how);
}

// Both kinds of windows: of examples, and of rows.
Dataset windowed(Options& options, const Dataset& ten) {
  std::int64_t size = 0;
  data::WindowOptions how;
  options.read("size", size).read("shift", how.shift).read("stride", how.stride);
  options.read("drop_remainder", how.drop_remainder);
  return ten.window(size, how);
}

Dataset sharded(Options& options, const Dataset& ten) {
  std::int64_t shards = 0, index = 0;
  options.read("num_shards", shards).read("index", index);
  return ten.shard(shards, index);
}

Dataset ranged(Options& options) {
  std::int64_t start = 0, stop = 0, step = 0;
  options.read("start", start).read("stop", stop).read("step", step);
  return data::range(start, stop, step);
}

Dataset padded(Options& options) {
  std::int64_t size = 0;
  data::PaddedBatchOptions how;
  options.read("size", size).read("drop_remainder", how.drop_remainder);
  if (const Json* shape = options.find("padded_shape"))
    how.padded_shapes.x = shape->is_null() ? Shape{None} : Shape{shape->get<std::int64_t>()};
  if (const Json* value = options.find("padding_value"))
    how.padding_values.x = Tensor::scalar(value->get<double>());
  return ragged().padded_batch(size, how);
}

std::pair<Dataset, Dataset> two(Options& options) {
  std::int64_t first = 0, second = 0;
  options.read("first", first).read("second", second);
  return {data::range(first), data::range(100, 100 + second)};
}

Dataset enumerated(Options& options) {
  std::int64_t start = 0;
  options.read("start", start);
  return data::range(20, 23).enumerate(start);
}

Dataset unbatched(Options& options, const Dataset& ten) {
  std::int64_t size = 0;
  options.read("size", size);
  return ten.batch(size).unbatch();
}

using Make = std::function<Dataset(Options&)>;
const std::multimap<std::string, Make> kOperations = {
    {"interleave", [](Options& options) { return interleaved(options, {}); }},
    {"interleave", [](Options& options) { return interleaved(options, 2); }},
    {"interleave", [](Options& options) { return interleaved(options, 4); }},
    {"window", [](Options& options) { return windowed(options, data::range(10)); }},
    {"window", [](Options& options) { return windowed(options, slices(10)); }},
    {"shard", [](Options& options) { return sharded(options, data::range(10)); }},
    {"shard", [](Options& options) { return sharded(options, slices(10)); }},
    {"range", ranged},
    {"padded_batch", padded},
    {"concatenate",
     [](Options& options) {
       const auto [first, second] = two(options);
       return first.concatenate(second);
     }},
    {"zip",
     [](Options& options) {
       const auto [first, second] = two(options);
       return data::zip({first, second});
     }},
    {"enumerate", enumerated},
    {"unbatch", [](Options& options) { return unbatched(options, data::range(10)); }},
    {"unbatch", [](Options& options) { return unbatched(options, slices(10)); }},
};

Json nested(const std::vector<std::int64_t>& values, const Shape& shape, std::int64_t axis,
            std::size_t& next) {
  if (axis == shape.rank()) return values[next++];
  Json list = Json::array();
  for (std::int64_t i = 0; i < shape[axis]; ++i)
    list.push_back(nested(values, shape, axis + 1, next));
  return list;
}

// An element as the golden file has it.
Json plain(const Example& example) {
  Json list = Json::array();
  for (const auto& [name, tensor] : example.x.entries()) {
    std::size_t next = 0;
    list.push_back(nested(tensor.to_vector<std::int64_t>(), tensor.shape(), 0, next));
  }
  return example.x.single() ? list[0] : list;
}

TEST_CASE("golden datasets: elements, order and cardinality are those of tf.data") {
  const Threads threads(4);
  std::set<std::string> seen;
  for (const Json& test : golden("datasets").at("cases")) {
    const auto op = test.at("op").get<std::string>();
    CAPTURE(test.dump());
    const auto [first, last] = kOperations.equal_range(op);
    REQUIRE(first != last);
    seen.insert(op);
    for (auto make = first; make != last; ++make) {
      Options options(test.at("options"));
      const Dataset dataset = make->second(options);
      options.done();
      CHECK(dataset.cardinality() == test.at("cardinality").get<std::int64_t>());
      const Json& expected = test.at("elements");
      const auto count = static_cast<std::int64_t>(expected.size());
      // From the front, and resumed after any number of elements.
      for (std::int64_t skipped = 0; skipped <= count + 1; ++skipped) {
        CAPTURE(skipped);
        Json given = Json::array();
        data::Iterator elements = dataset.begin(0, skipped);
        while (const auto element = elements.next()) given.push_back(plain(*element));
        CHECK(given ==
              Json(std::vector<Json>(expected.begin() + std::min(skipped, count), expected.end())));
      }
    }
  }
  for (const auto& [op, make] : kOperations) CHECK_MESSAGE(seen.count(op) == 1, op);
}

}  // namespace
}  // namespace keratin::tests
