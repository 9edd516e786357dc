#include "autograd/ops/softmax_cross_entropy.h"

#include "tests/ops/scores.h"

namespace keratin::tests {

TEST_CASE("softmax_cross_entropy") {
  for (const ScoreRow& row : score_rows()) {
    if (row.axis != -1) continue;
    check({.op = "softmax_cross_entropy",
           .run = [](const auto& x) { return softmax_cross_entropy(x[0], x[1]); },
           .inputs = {{normal(row.shape, 1, row.scale), uniform(row.shape, 0, 1, 2)}},
           .values =
               [](const TensorList& x) {
                 const Shape& shape = x[0].shape();
                 return by_index(shape.slice(0, shape.rank() - 1), [&](Place place) {
                   const std::size_t axis = place.size();
                   place.push_back(0);
                   const double total = log_total(x[0], axis, place);
                   double loss = 0;
                   for (place[axis] = 0; place[axis] < shape.back(); ++place[axis]) {
                     loss += at(x[1], place) * (total - at(x[0], place));
                   }
                   return loss;
                 });
               },
           .float32_result = {4e-6, 4e-6},
           .float32_gradient = {1e-5, 4e-5},
           .differentiable = Differentiable::once});
  }
}

TEST_CASE("softmax_cross_entropy: a sure and right answer costs nothing") {
  const Tensor target = Tensor::numbers({0, 1, 0});
  CHECK(softmax_cross_entropy(Tensor::numbers({-1e4, 1e4, 0}), target).item<double>() == 0);
  CHECK(softmax_cross_entropy(Tensor::numbers({1e4, -1e4, 0}), target).item<double>() == 2e4);
  CHECK(softmax_cross_entropy(Tensor::numbers({5}), Tensor::numbers({1})).item<double>() == 0);
}

TEST_CASE("softmax_cross_entropy: errors name what was given") {
  const Tensor x = zeros({2, 3}), t = zeros({2, 1});
  CHECK(complaint<ShapeError>([&] { return softmax_cross_entropy(x, t); },
                              {"softmax_cross_entropy", "f32[2, 3]", "f32[2, 1]"}) == "");
  CHECK(complaint<ShapeError>([&] { return softmax_cross_entropy(Variable(x), t); },
                              {"softmax_cross_entropy", "f32[2, 3]", "f32[2, 1]"}) == "");
  CHECK(complaint<ShapeError>(
            [] {
              return softmax_cross_entropy(zeros({2, 0}), zeros({2, 0}));
            },
            {"softmax_cross_entropy", "f32[2, 0]"}) == "");
}

}  // namespace keratin::tests
