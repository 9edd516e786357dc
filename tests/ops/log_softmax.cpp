#include "autograd/ops/log_softmax.h"

#include "tests/ops/scores.h"

namespace keratin::tests {

TEST_CASE("log_softmax") {
  for (const ScoreRow& row : score_rows()) {
    check({.op = "log_softmax",
           .run = [axis = row.axis](const auto& x) { return log_softmax(x[0], {.axis = axis}); },
           .inputs = {{normal(row.shape, 1, row.scale)}},
           .values =
               [axis = row.axis](const TensorList& x) {
                 return along(x[0], axis, [](double score, double total) { return score - total; });
               }});
  }
}

TEST_CASE("log_softmax: huge scores do not become infinite") {
  const double inf = std::numeric_limits<double>::infinity();
  for (const DType dtype : {float32, float64}) {
    const auto row = [&](std::initializer_list<double> scores) {
      return numbers_of(log_softmax(Tensor::numbers(scores, Shape::unset(), dtype)));
    };
    CHECK(row({0, -10000}) == std::vector<double>{0, -10000});
    CHECK(row({2, -inf}) == std::vector<double>{0, -inf});
    CHECK(row({7}) == std::vector<double>{0});
    CHECK(std::isnan(row({1, std::nan("")})[0]));
  }
}

TEST_CASE("log_softmax: errors name what was given") {
  const Tensor x = zeros({2, 0});
  CHECK(complaint<ShapeError>([&] { return log_softmax(x); }, {"log_softmax", "f32[2, 0]"}) == "");
  CHECK(complaint<ShapeError>([&] { return log_softmax(Variable(x), {.axis = -3}); },
                              {"log_softmax", "axis -3"}) == "");
}

}  // namespace keratin::tests
