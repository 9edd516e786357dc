// Dataset.cache: in memory and in a file, complete only after a whole pass; files that are none.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>

#include "tests/data/files.h"
#include "tests/data/support.h"

namespace keratin::tests {
namespace {

using doctest::Contains;
using Numbers = std::vector<std::int64_t>;

struct Counted {
  std::shared_ptr<int> calls = std::make_shared<int>(0);
  Dataset dataset(std::int64_t count, bool knows_its_size = true) const {
    const Dataset source = knows_its_size ? slices(count) : generated(count);
    return source.map([calls = calls](Example example) {
      ++*calls;
      return plus_100(std::move(example));
    });
  }
};

// In memory, and in a file of a folder.
template <class F>
void for_each_cache(F f) {
  f("");
  const TemporaryFolder folder;
  f(folder / "cache");
}

std::int64_t files_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

TEST_CASE("cache: a whole pass is kept, and gives every later one") {
  for_each_cache([](const std::string& path) {
    for (const bool knows_its_size : {true, false}) {
      if (!path.empty()) std::filesystem::remove(path);
      const Counted counted;
      const Dataset cached = counted.dataset(5, knows_its_size).cache(path);
      CHECK(cached.cardinality() == (knows_its_size ? 5 : data::kUnknown));
      const Numbers all = {100, 101, 102, 103, 104};
      for (int pass = 0; pass < 3; ++pass) CHECK(numbers_of(cached, pass) == all);
      CHECK(*counted.calls == 5);
      for (std::int64_t skipped = 0; skipped < 7; ++skipped)
        CHECK(numbers_of(cached, 1, skipped) ==
              Numbers(all.begin() + std::min<std::int64_t>(skipped, 5), all.end()));
      CHECK(*counted.calls == 5);
    }
  });
}

TEST_CASE("cache: a pass that stops early, or throws, keeps nothing") {
  for_each_cache([](const std::string& path) {
    const Counted counted;
    const Dataset cached = counted.dataset(5).cache(path);
    {
      data::Iterator elements = cached.begin();
      for (int i = 0; i < 4; ++i) CHECK(elements.next().has_value());
    }
    CHECK(*counted.calls == 4);
    CHECK(std::filesystem::exists(path) == false);
    // The last of a known number completes it, though nobody asks for the end.
    CHECK(numbers_of(cached.take(5)).size() == 5);
    CHECK(*counted.calls == 9);
    CHECK(numbers_of(cached).size() == 5);
    CHECK(*counted.calls == 9);

    const auto broken = std::make_shared<bool>(true);
    const std::string other = path.empty() ? path : path + "2";
    const Dataset fails = slices(5)
                              .map([broken](Example example) {
                                if (*broken && number_of(example) == 3) throw ValueError("bad");
                                return example;
                              })
                              .cache(other);
    CHECK_THROWS_AS((void)numbers_of(fails), ValueError);
    CHECK(std::filesystem::exists(other) == false);
    *broken = false;
    CHECK(numbers_of(fails) == counting(5));
    *broken = true;
    CHECK(numbers_of(fails) == counting(5));
  });
}

TEST_CASE("cache: skipping fills it, too; two passes side by side; what was given can be written") {
  for_each_cache([](const std::string& path) {
    const Counted counted;
    const Dataset cached = counted.dataset(4).cache(path);
    data::Iterator a = cached.begin(0, 2), b = cached.begin(1);
    CHECK(number_of(*b.next()) == 100);
    std::optional<Example> third = a.next();
    third->x.mutable_data<std::int32_t>()[0] = -1;
    CHECK(number_of(*a.next()) == 103);
    CHECK(rest_of(b) == Numbers{101, 102, 103});
    CHECK(*counted.calls == 8);
    for (int pass = 0; pass < 2; ++pass) {
      data::Iterator later = cached.begin(pass);
      for (std::int64_t i = 100; i < 104; ++i) {
        std::optional<Example> element = later.next();
        CHECK(number_of(*element) == i);
        element->x.mutable_data<std::int32_t>()[0] = -1;
      }
    }
    CHECK(*counted.calls == 8);
  });
}

TEST_CASE("cache: it is pass 0 that is kept, whichever pass fills it") {
  for_each_cache([](const std::string& path) {
    const Dataset shuffled = slices(20).shuffle(20, {.seed = 3});
    const Dataset cached = shuffled.cache(path);
    CHECK(numbers_of(cached, 5) == numbers_of(shuffled, 0));
    CHECK(numbers_of(cached, 6) == numbers_of(shuffled, 0));
    // And a shuffle behind it goes on reshuffling.
    const Dataset behind = cached.shuffle(20, {.seed = 1});
    CHECK(numbers_of(behind, 0) != numbers_of(behind, 1));
    CHECK(batches_of(cached.batch(6)).size() == 4);
  });
}

TEST_CASE("cache: repeat reads what its first repetition has filled; threads stop") {
  const Threads threads(4);
  for_each_cache([](const std::string& path) {
    const Counted counted;
    CHECK(numbers_of(counted.dataset(50).cache(path).repeat(4).prefetch(3)).size() == 200);
    CHECK(*counted.calls == 50);
    const Dataset endless = counted.dataset(50).cache(path).repeat().prefetch(4);
    data::Iterator elements = endless.begin();
    for (int i = 0; i < 60; ++i) CHECK(elements.next().has_value());
  });
  CHECK_THROWS_WITH_AS((void)slices(3).repeat().cache(),
                       Contains("Dataset.cache: the dataset has no end"), ValueError);
}

TEST_CASE("cache: a file keeps structure, names, dtypes and every bit") {
  const TemporaryFolder folder;
  Tensor odd = Tensor::empty({2}, float32);
  odd.mutable_data<float>()[0] = std::bit_cast<float>(0x7fc12345u);  // a NaN of its own
  odd.mutable_data<float>()[1] = -0.0F;
  const Example whole = {
      .x = Tensors({{"f32", odd},
                    {"string", Tensor::strings({"", std::string("a\0b", 3), "\xc3\xa4"}, {3, 1})},
                    {"none", Tensor::empty({0, 5}, boolean)},
                    {"u8", full({1, 2, 3}, 200, uint8)}}),
      .y = Tensors({full({}, 7, int64), full({1}, 1, boolean)}),
      .sample_weight = full({3}, 0.5, bfloat16)};
  const Example bare = {.x = full({2, 1}, 3, float64), .y = Tensors(std::vector<Tensor>{})};
  const auto make = [&] {
    return data::from_generator([=, i = 0]() mutable -> std::optional<Example> {
      if (++i > 2) return {};
      return i == 1 ? whole : bare;
    });
  };
  const std::string path = folder / "cache";
  for (const auto& element : make().cache(path)) (void)element;
  data::Iterator elements = make().take(0).concatenate(make()).cache(path).begin();
  const Example first = *elements.next();
  REQUIRE(first.x.named());
  REQUIRE(first.x.count() == 4);
  CHECK(std::bit_cast<std::uint32_t>(first.x["f32"].data<float>()[0]) == 0x7fc12345u);
  CHECK(std::signbit(first.x["f32"].data<float>()[1]));
  CHECK(first.x["string"].shape() == Shape{3, 1});
  CHECK(first.x["string"].to_vector<std::string>() == whole.x["string"].to_vector<std::string>());
  CHECK(first.x["none"].spec() == Spec{{0, 5}, boolean});
  CHECK(first.x["u8"].to_vector<int>() == std::vector<int>(6, 200));
  CHECK_FALSE(first.y.single());
  REQUIRE(first.y.count() == 2);
  CHECK(first.y.get(0).item<std::int64_t>() == 7);
  CHECK(first.sample_weight.dtype() == bfloat16);
  const Example second = *elements.next();
  CHECK(second.x.spec() == Spec{{2, 1}, float64});
  CHECK(second.y.none());
  CHECK_FALSE(elements.next().has_value());
  CHECK(files_in(folder) == 1);
}

TEST_CASE("cache: a file that is foreign, truncated or broken is refused by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "cache";
  const auto read = [&] { return numbers_of(slices(3).map(plus_100).cache(path)); };
  CHECK(read().size() == 3);
  const std::string good = read_file(path);
  const auto refuse = [&](const std::string& bytes, const char* message) {
    write_file(path, bytes);
    CHECK_THROWS_WITH_AS((void)read(), Contains(message), FileError);
    CHECK_THROWS_WITH_AS((void)read(), Contains(path.c_str()), FileError);
    CHECK(read_file(path) == bytes);  // and left alone
  };
  refuse("", "not a cache of keratin");
  refuse("some notes\n", "not a cache of keratin");
  refuse(gzipped("some notes\n"), "not a cache of keratin");
  for (std::size_t size = 1; size < good.size(); ++size) {
    write_file(path, good.substr(0, size));
    CHECK_THROWS_AS((void)read(), FileError);
  }
  refuse(good.substr(0, good.size() - 1), "truncated: its header says");
  refuse(good + "x", "broken: its header says");
  // Every byte turned: all are noticed, but those of another number in the header that still fits.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x41);
    write_file(path, bytes);
    CAPTURE(i);
    CHECK_THROWS_AS((void)read(), FileError);
  }
  std::string bytes = good;
  bytes[24] = 4;  // elements
  refuse(bytes, "the cache of another dataset: it holds 4 elements; this dataset has 3");
  write_file(path, bytes);  // unless it is not known how many there should be
  CHECK_THROWS_WITH_AS((void)numbers_of(generated(3).cache(path)), Contains("longer than the file"),
                       FileError);
  bytes[24] = 2;
  write_file(path, bytes);
  CHECK_THROWS_WITH_AS((void)numbers_of(generated(3).cache(path)), Contains("follow its elements"),
                       FileError);
  bytes = good;
  bytes[31] = 0x7f;
  refuse(bytes, "elements in");
  bytes = good;
  bytes[47] = 0x7f;  // of the first element's size
  refuse(bytes, "element 0 of 3 is longer than the file");
  bytes = good;
  bytes.back() = 77;
  refuse(bytes, "the checksum of element 2 of 3 is wrong");

  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  CHECK_THROWS_WITH_AS((void)read(), Contains("is a folder"), FileError);
  CHECK_THROWS_WITH_AS((void)numbers_of(slices(3).cache(folder / "nowhere/cache")),
                       Contains("there is no folder"), FileError);
}

}  // namespace
}  // namespace keratin::tests
