// The global seed and its streams; the numbers themselves are tested with their kernels.
#include "tensor/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "kernels/parallel.h"

namespace keratin::tests {
namespace {

TEST_CASE("random: one seed starts everything anew") {
  const auto draw = [] {
    std::vector<double> drawn = randn({5}, float64).to_vector<double>();
    for (const double x : random_uniform({5}, -1, 1, float64).to_vector<double>())
      drawn.push_back(x);
    drawn.push_back(static_cast<double>(next_random_seed()));
    drawn.push_back(static_cast<double>(next_random_stream().stream));
    return drawn;
  };
  set_random_seed(7);
  CHECK(random_seed() == 7);
  const auto first = draw(), second = draw();
  CHECK(random_seed() == 7);
  set_random_seed(7);
  CHECK(draw() == first);
  CHECK(draw() == second);
  CHECK(first != second);
  set_random_seed(8);
  CHECK(draw() != first);
}

TEST_CASE("random: no two streams or seeds of one seed are alike") {
  set_random_seed(0);
  std::set<std::uint64_t> streams, seeds;
  for (int i = 0; i < 1000; ++i) {
    const RandomStream stream = next_random_stream();
    CHECK(stream.seed == 0);
    CHECK(stream.stream >= std::uint64_t{1} << 63);  // those below are for seeds of one's own
    streams.insert(stream.stream);
    seeds.insert(next_random_seed());
  }
  CHECK(streams.size() == 1000);
  CHECK(seeds.size() == 1000);
}

TEST_CASE("random: streams are handed out once, whoever asks") {
  set_random_seed(3);
  std::vector<std::vector<std::uint64_t>> drawn(4);
  std::vector<std::thread> workers;
  for (auto& mine : drawn) {
    workers.emplace_back([&mine] {
      for (int i = 0; i < 200; ++i) mine.push_back(next_random_stream().stream);
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::set<std::uint64_t> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 800);
}

TEST_CASE("random: the same numbers on 1, 2 and 4 threads") {
  const int before = kernels::thread_count();
  const auto draw = [](DType dtype) {
    set_random_seed(19);
    std::vector<double> drawn;
    for (const Tensor& x : {randn({101, 103}, dtype), random_uniform({50000}, -3, 5, dtype),
                            random_truncated_normal({30011}, dtype, next_random_stream())}) {
      for (const double value : x.to_vector<double>()) drawn.push_back(value);
    }
    return drawn;
  };
  for (const DType dtype : {float32, float64}) {
    kernels::set_thread_count(1);
    const auto expected = draw(dtype);
    for (const int threads : {2, 4}) {
      kernels::set_thread_count(threads);
      CHECK(draw(dtype) == expected);
    }
  }
  kernels::set_thread_count(before);
}

TEST_CASE("random: a stream of one's own does not touch the global one") {
  set_random_seed(23);
  const auto expected = randn({4}).to_vector<float>();
  set_random_seed(23);
  const auto own = randn({4}, float32, {.seed = 1, .stream = 2}).to_vector<float>();
  CHECK(randn({4}).to_vector<float>() == expected);
  CHECK(randn({4}, float32, {.seed = 1, .stream = 2}).to_vector<float>() == own);
  CHECK(randn({2, 2}, float32, {.seed = 1, .stream = 2}).to_vector<float>() == own);
  CHECK(randn({4}, float32, {.seed = 1, .stream = 3}).to_vector<float>() != own);
}

TEST_CASE("random: shapes, ranges and dtypes") {
  CHECK(randn({2, 3}).spec() == Spec{{2, 3}, float32});
  CHECK(randn({}, float64).spec() == Spec{{}, float64});
  CHECK(randn({0, 5}).size() == 0);
  const auto x = random_uniform({10000}, 2, 3).to_vector<float>();
  CHECK(*std::min_element(x.begin(), x.end()) >= 2);
  CHECK(*std::max_element(x.begin(), x.end()) < 3);
  for (const float v : random_truncated_normal({10000}, float32, {.seed = 1}).to_vector<float>())
    REQUIRE(std::fabs(v) <= 2);
  CHECK(random_uniform({3}, 1.5, 1.5).to_vector<float>() == std::vector<float>{1.5, 1.5, 1.5});
  const double inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS((void)random_uniform({2}, 1, 0),
                       "random_uniform: from 1 to 0; expected finite numbers, low <= high",
                       ValueError);
  for (const double odd : {inf, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((void)random_uniform({2}, 0, odd), ValueError);
    CHECK_THROWS_AS((void)random_uniform({2}, -odd, 0), ValueError);
  }
  CHECK_THROWS_AS((void)random_uniform({2}, -1e308, 1e308), ValueError);
  for (const DType dtype : {uint8, int32, int64, boolean, string}) {
    CHECK_THROWS_AS((void)randn({2}, dtype), DTypeError);
    CHECK_THROWS_AS((void)random_uniform({2}, 0, 1, dtype), DTypeError);
  }
  CHECK_THROWS_AS((void)randn({2, None}), ShapeError);
}

}  // namespace
}  // namespace keratin::tests
