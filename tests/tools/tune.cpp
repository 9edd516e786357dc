#include <doctest/doctest.h>

#include <algorithm>

#include "tools/tune/choice.h"
#include "tools/tune/crossings.h"

namespace keratin::tools {

TEST_CASE("tune: the crossover is where the least time is lost") {
  // small: 1, 2, 4, 8; large: 3, 3, 3, 3
  const std::vector<Sample> samples{{10, 1, 3}, {20, 2, 3}, {40, 4, 3}, {80, 8, 3}};
  CHECK(best_crossover(samples, 1) == 40);
  CHECK(best_crossover(samples, kNever) == 40);
  CHECK(best_crossover(samples, 30) == 30);  // decides the same: it stays
  CHECK(best_crossover({{10, 3, 1}, {20, 2, 1}}, 100) == 10);
  CHECK(best_crossover({{10, 1, 3}, {20, 1, 2}}, 5) == kNever);
  CHECK(best_crossover({}, 7) == 7);
}

TEST_CASE("tune: every crossover is measured, by shapes on both sides of what is built in") {
  const std::vector<Experiment> all = experiments();
  for (const kernels::Crossover& row : kernels::crossover_table()) {
    CAPTURE(row.name);
    const auto its = std::ranges::find(all, row.value, &Experiment::crossover);
    REQUIRE(its != all.end());
    const std::int64_t built_in = kernels::Crossovers{}.*row.value;
    int below = 0, above = 0;
    for (const auto& make : its->crossings) {
      const Crossing crossing = make();
      (crossing.value < built_in + its->up_to ? below : above) += 1;
    }
    CHECK(below > 0);
    CHECK((above > 0 || built_in == row.most));
  }
}

TEST_CASE("tune: noise moves nothing, one odd sample little") {
  CHECK(best_crossover({{10, 1, 1.01}, {20, 1.01, 1}, {40, 1, 1.01}}, 40) == 40);
  const std::vector<Sample> odd{{10, 1, 2}, {20, 1.5, 1.4}, {30, 1.5, 2}, {40, 3, 2}};
  CHECK(best_crossover(odd, kNever) == 40);
  CHECK(loss(odd, 40) == doctest::Approx(std::log(1.5 / 1.4)));
}

}  // namespace keratin::tools
