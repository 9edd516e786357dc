#include "autograd/ops/sparse_softmax_cross_entropy.h"

#include "tensor/cast.h"
#include "tests/ops/scores.h"

namespace keratin::tests {

TEST_CASE("sparse_softmax_cross_entropy") {
  for (const ScoreRow& row : score_rows()) {
    if (row.axis != -1) continue;
    const Shape samples = row.shape.slice(0, row.shape.rank() - 1);
    for (const bool ignores : {false, true}) {
      const Tensor labels =
          cast(whole(samples, 0, row.shape.back() - 1, 2), ignores ? int64 : int32);
      SparseSoftmaxCrossEntropyOptions options;
      if (ignores) options.ignore_class = 0;
      check({.op = "sparse_softmax_cross_entropy",
             .run =
                 [=](const auto& x) { return sparse_softmax_cross_entropy(x[0], labels, options); },
             .inputs = {{normal(row.shape, 1, row.scale)}},
             .values =
                 [=](const TensorList& x) {
                   return by_index(samples, [&](Place place) {
                     const auto label = static_cast<std::int64_t>(at(labels, place));
                     if (options.ignore_class == label) return 0.0;
                     place.push_back(label);
                     return log_total(x[0], place.size() - 1, place) - at(x[0], place);
                   });
                 },
             .float32_result = {4e-6, 4e-6},
             .differentiable = Differentiable::once});
    }
  }
}

TEST_CASE("sparse_softmax_cross_entropy: a total is the sum of all values, scaled") {
  for (const ScoreRow& row : score_rows()) {
    if (row.axis != -1) continue;
    const Shape samples = row.shape.slice(0, row.shape.rank() - 1);
    const Tensor labels = whole(samples, 0, row.shape.back() - 1, 2);
    check({.op = "sparse_softmax_cross_entropy",
           .run =
               [=](const auto& x) {
                 return sparse_softmax_cross_entropy(x[0], cast(labels, int32),
                                                     {.ignore_class = 0, .total_scale = -0.7});
               },
           .inputs = {{normal(row.shape, 1, row.scale)}},
           .values =
               [=](const TensorList& x) {
                 double sum = 0;
                 by_index(samples, [&](Place place) {
                   const auto label = static_cast<std::int64_t>(at(labels, place));
                   place.push_back(label);
                   if (label != 0)
                     sum += log_total(x[0], place.size() - 1, place) - at(x[0], place);
                   return 0.0;
                 });
                 return std::vector<double>{-0.7 * sum};
               },
           .float32_result = {4e-6, 4e-5},
           .differentiable = Differentiable::once});
  }
}

TEST_CASE("sparse_softmax_cross_entropy: an ignored label need not be a class") {
  const Variable x(Tensor::numbers({1, 2, 3, 4}, {2, 2}));
  const Tensor labels = Tensor::numbers({-1, 1}, {2}, int32);
  const Variable loss = sparse_softmax_cross_entropy(x, labels, {.ignore_class = -1});
  CHECK(loss.value().item<double>({0}) == 0);
  loss.backward(ones({2}));
  CHECK(numbers_of(x.grad()[0]) == std::vector<double>{0, 0});
  CHECK(numbers_of(x.grad()[1])[0] > 0);
}

TEST_CASE("sparse_softmax_cross_entropy: errors name what was given") {
  const Tensor x = zeros({2, 3});
  const auto loss = [&](const Tensor& labels) {
    return [&x, labels] { return sparse_softmax_cross_entropy(x, labels); };
  };
  // 2^32 would be label 0 in 32 bits.
  for (const double bad : {3.0, -1.0, 4294967296.0}) {
    CHECK(complaint<ValueError>(loss(Tensor::numbers({0, bad}, {2}, int64)),
                                {"sparse_softmax_cross_entropy", fmt::format("label {}", bad),
                                 "sample 1", "0 to 2"}) == "");
  }
  CHECK(complaint<ValueError>(
            [&] {
              return sparse_softmax_cross_entropy(Variable(x), Tensor::numbers({3, 0}, {2}, int32));
            },
            {"label 3", "sample 0"}) == "");
  CHECK(complaint<ShapeError>(loss(zeros({2, 1}, int32)), {"i32[2, 1]", "f32[2, 3]"}) == "");
  CHECK(complaint<ShapeError>(loss(zeros({3}, int32)), {"i32[3]", "f32[2, 3]"}) == "");
  CHECK(complaint<DTypeError>(loss(zeros({2})), {"f32[2]", "int32"}) == "");
}

}  // namespace keratin::tests
