#include "autograd/ops/softmax.h"

#include "tensor/cast.h"
#include "tests/ops/scores.h"

namespace keratin::tests {

TEST_CASE("softmax") {
  for (const ScoreRow& row : score_rows()) {
    check({.op = "softmax",
           .run = [axis = row.axis](const auto& x) { return softmax(x[0], {.axis = axis}); },
           .inputs = {{normal(row.shape, 1, row.scale)}},
           .values =
               [axis = row.axis](const TensorList& x) {
                 return along(x[0], axis, [](double score, double log_total) {
                   return std::exp(score - log_total);
                 });
               },
           .float32_result = {4e-6, 1e-7}});
  }
}

TEST_CASE("softmax: huge scores, infinities, NaN") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (const DType dtype : {float32, float64}) {
    const auto row = [&](std::initializer_list<double> scores) {
      return numbers_of(softmax(Tensor::numbers(scores, Shape::unset(), dtype)));
    };
    CHECK(row({1e30, 1e30, -1e30, 0}) == std::vector<double>{0.5, 0.5, 0, 0});
    CHECK(row({-inf, 3, -inf}) == std::vector<double>{0, 1, 0});
    CHECK(row({7}) == std::vector<double>{1});
    CHECK(std::isnan(row({1, nan, 2})[0]));
    CHECK(std::isnan(row({-inf, -inf})[0]));
    // Only the row in which it stands is lost.
    const Tensor two = softmax(Tensor::numbers({1, 1, nan, 1}, {2, 2}, dtype));
    CHECK(numbers_of(two[0]) == std::vector<double>{0.5, 0.5});
  }
}

TEST_CASE("softmax: errors name what was given") {
  const Tensor x = zeros({2, 0});
  CHECK(complaint<ShapeError>([&] { return softmax(x); }, {"softmax", "f32[2, 0]"}) == "");
  CHECK(complaint<ShapeError>([] { return softmax(zeros({})); }, {"softmax", "rank 0"}) == "");
  CHECK(complaint<ShapeError>([&] { return softmax(Variable(x), {.axis = 2}); },
                              {"softmax", "axis 2"}) == "");
}

}  // namespace keratin::tests
