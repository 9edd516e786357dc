#include "autograd/ops/ctc_loss.h"

#include "autograd/gradcheck.h"
#include "autograd/ops/log_softmax.h"
#include "tensor/cast.h"
#include "tests/ops/harness.h"

namespace keratin::tests {
namespace {

// What an alignment reads as: one of equal neighbours, without blanks.
std::vector<std::int64_t> read(const std::vector<std::int64_t>& alignment) {
  std::vector<std::int64_t> labels;
  for (std::size_t t = 0; t < alignment.size(); ++t) {
    if (alignment[t] != 0 && (t == 0 || alignment[t] != alignment[t - 1]))
      labels.push_back(alignment[t]);
  }
  return labels;
}

// Each of the classes^steps alignments looked at by itself.
std::vector<double> by_listing(const Tensor& x, const Tensor& labels) {
  const std::int64_t batch = x.shape()[0], steps = x.shape()[1], classes = x.shape()[2];
  const std::vector<double> p = numbers_of(x), wanted = numbers_of(labels);
  std::vector<double> losses;
  for (std::int64_t b = 0; b < batch; ++b) {
    std::vector<std::int64_t> mine;
    for (std::int64_t i = 0; i < labels.shape()[1]; ++i) {
      const double label = wanted[static_cast<std::size_t>(b * labels.shape()[1] + i)];
      if (label != 0) mine.push_back(static_cast<std::int64_t>(label));
    }
    std::vector<std::int64_t> alignment(static_cast<std::size_t>(steps), 0);
    double total = 0;
    for (bool more = true; more;) {
      if (read(alignment) == mine) {
        double log_p = 0;
        for (std::int64_t t = 0; t < steps; ++t) {
          log_p += p[static_cast<std::size_t>((b * steps + t) * classes +
                                              alignment[static_cast<std::size_t>(t)])];
        }
        total += std::exp(log_p);
      }
      more = false;
      for (std::int64_t& place : alignment) {  // the next one
        if (++place < classes) {
          more = true;
          break;
        }
        place = 0;
      }
    }
    losses.push_back(-std::log(total));
  }
  return losses;
}

struct Row {
  std::int64_t steps, classes;
  std::vector<std::vector<double>> labels;
  double scale = 1;
};

Tensor labels_of(const Row& row) {
  std::vector<double> all;
  for (const auto& sample : row.labels) all.insert(all.end(), sample.begin(), sample.end());
  const auto batch = static_cast<std::int64_t>(row.labels.size());
  return Tensor::from(all, {batch, static_cast<std::int64_t>(all.size()) / batch});
}

}  // namespace

TEST_CASE("ctc_loss") {
  const Row rows[] = {
      {1, 1, {{0}}},
      {1, 3, {{2}, {0}}},
      {2, 3, {{1, 2}, {2, 0}, {0, 0}}},
      {4, 3, {{1, 1, 0}, {1, 2, 1}, {2, 2, 1}, {2, 2, 0}}},
      {6, 3, {{1, 1, 2, 2}, {2, 1, 2, 1}, {1, 0, 0, 0}}},
      {6,
       4,
       {{1, 2, 3, 0, 0, 0, 0, 0, 0}, {3, 3, 3, 0, 0, 0, 0, 0, 0}}},  // room for more than steps
      {5, 4, {{3, 2, 2}}, 20},
  };
  for (const Row& row : rows) {
    const Tensor numbers = labels_of(row), labels = cast(numbers, row.steps % 2 ? int32 : int64);
    const auto batch = static_cast<std::int64_t>(row.labels.size());
    check({.op = "ctc_loss",
           .run = [=](const auto& x) { return ctc_loss(x[0], labels); },
           .inputs = {{log_softmax(normal({batch, row.steps, row.classes}, 1, row.scale))}},
           .values = [=](const TensorList& x) { return by_listing(x[0], numbers); },
           .differentiable = Differentiable::once});
  }
}

TEST_CASE("ctc_loss: through log_softmax, without samples, without labels") {
  const Tensor labels = Tensor::numbers({1, 2, 2, 0}, {2, 2}, int32);
  CHECK(gradcheck([&](const Variable& x) { return ctc_loss(log_softmax(x), labels); },
                  normal({2, 5, 3}, 2))
            .max_relative_error < 1e-7);
  CHECK(ctc_loss(zeros({0, 5, 3}), zeros({0, 2}, int32)).shape() == Shape{0});
  // Only blanks are left.
  const Tensor x = log_softmax(normal({2, 4, 3}, 3));
  const std::vector<double> p = numbers_of(x);
  const Tensor loss = ctc_loss(x, zeros({2, 0}, int32));
  CHECK(difference(
            numbers_of(loss),
            std::vector<double>{-(p[0] + p[3] + p[6] + p[9]), -(p[12] + p[15] + p[18] + p[21])},
            {1e-14, 0}) == "");
}

TEST_CASE("ctc_loss: equal labels without a step between them cost 1e5") {
  const Tensor x = log_softmax(zeros({1, 2, 3}, float64));
  const Variable v(x);
  const Variable loss = ctc_loss(v, Tensor::numbers({2, 2}, {1, 2}, int32));
  CHECK(loss.value().item<double>() == doctest::Approx(1e5).epsilon(1e-4));
  loss.backward(ones({1}, float64));
  for (const double g : numbers_of(v.grad())) CHECK((g <= 0 && g >= -1.001));
}

TEST_CASE("ctc_loss: errors name what was given") {
  const Tensor x = zeros({2, 3, 4});
  const auto loss = [&](const Tensor& labels) {
    return [&x, labels] { return ctc_loss(x, labels); };
  };
  const auto numbers = [](std::initializer_list<double> labels) {
    return Tensor::numbers(labels, {2, static_cast<std::int64_t>(labels.size()) / 2}, int64);
  };
  CHECK(complaint<ValueError>(loss(numbers({1, 2, 3, 4})),
                              {"ctc_loss", "label 1 of sample 1 is 4", "1 to 3"}) == "");
  CHECK(complaint<ValueError>(loss(numbers({1, -1, 3, 2})), {"label 1 of sample 0 is -1"}) == "");
  CHECK(complaint<ValueError>(loss(numbers({1, 4294967297.0, 3, 2})), {"sample 0"}) == "");
  CHECK(complaint<ValueError>(loss(numbers({1, 2, 0, 3})),
                              {"label 0 of sample 1 is 0, and labels follow"}) == "");
  CHECK(complaint<ValueError>(loss(numbers({1, 2, 3, 1, 1, 2, 0, 0})),
                              {"sample 0 has 4 labels", "3 steps"}) == "");
  CHECK(complaint<ShapeError>(loss(zeros({3, 2}, int32)), {"i32[3, 2]", "f32[2, 3, 4]"}) == "");
  CHECK(complaint<ShapeError>(loss(zeros({2}, int32)), {"i32[2]", "[batch, labels]"}) == "");
  CHECK(complaint<ShapeError>(
            [] {
              return ctc_loss(zeros({2, 3}), zeros({2, 1}, int32));
            },
            {"f32[2, 3]", "[batch, steps, classes]"}) == "");
  CHECK(complaint<ShapeError>(
            [] {
              return ctc_loss(zeros({2, 0, 3}), zeros({2, 1}, int32));
            },
            {"f32[2, 0, 3]"}) == "");
  CHECK(complaint<DTypeError>(loss(zeros({2, 2})), {"f32[2, 2]", "int32"}) == "");
}

}  // namespace keratin::tests
