#include "autograd/ops/clip.h"

#include <algorithm>

#include "tensor/cast.h"
#include "tests/ops/harness.h"

namespace keratin::tests {

TEST_CASE("clip") {
  check({.op = "clip",
         .run = [](const auto& x) { return clip(x[0], 0, 2); },
         .inputs = points(-3, 4),
         .formula =
             [](const auto& x) { return std::isnan(x[0]) ? x[0] : std::clamp(x[0], 0.0, 2.0); },
         .accepts = Accepts::numbers});
}

TEST_CASE("clip: the gradient passes at the borders") {
  const Tensor x = Tensor::numbers({-1.5, -1, 0, 0.5, 0.75});
  CHECK(gradient_of([](const Variable& v) { return clip(v, -1, 0.5); }, x) ==
        std::vector<double>{0, 1, 1, 1, 0});
  CHECK(gradient_of([](const Variable& v) { return clip(v, 0.5, 0.5); }, x) ==
        std::vector<double>{0, 0, 0, 1, 0});
}

TEST_CASE("clip: one end only") {
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(numbers_of(clip(Tensor::numbers({-2, 2}), -inf, 1)) == std::vector<double>{-2, 1});
  CHECK(numbers_of(clip(Tensor::numbers({-2, 2}), -1, inf)) == std::vector<double>{-1, 2});
}

TEST_CASE("clip: errors name what was given") {
  const Tensor x = zeros({2});
  CHECK(complaint<ValueError>([&] { return clip(x, 1, 0); }, {"clip", "low is 1", "high is 0"}) ==
        "");
  CHECK(complaint<ValueError>([&] { return clip(Variable(x), 0, std::nan("")); }, {"clip"}) == "");
  CHECK(complaint<DTypeError>([&] { return clip(cast(x, int32), 0.5, 1); }, {"0.5", "i32[2]"}) ==
        "");
}

}  // namespace keratin::tests
