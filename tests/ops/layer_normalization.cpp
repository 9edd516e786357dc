#include "autograd/ops/layer_normalization.h"

#include "tests/ops/by_index.h"

namespace keratin::tests {
namespace {

constexpr double kEpsilon = 1e-3;

std::vector<double> normalized(const TensorList& x) {
  const std::int64_t n = x[0].shape().back();
  const std::vector<double> values = numbers_of(x[0]);
  std::vector<double> y(values.size());
  for (std::size_t first = 0; first < values.size(); first += static_cast<std::size_t>(n)) {
    double mean = 0, variance = 0;
    for (std::int64_t c = 0; c < n; ++c)
      mean += values[first + static_cast<std::size_t>(c)] / static_cast<double>(n);
    for (std::int64_t c = 0; c < n; ++c) {
      const double d = values[first + static_cast<std::size_t>(c)] - mean;
      variance += d * d / static_cast<double>(n);
    }
    for (std::int64_t c = 0; c < n; ++c) {
      const std::size_t i = first + static_cast<std::size_t>(c);
      y[i] =
          (values[i] - mean) / std::sqrt(variance + kEpsilon) * (x.size() > 1 ? at(x[1], {c}) : 1) +
          (x.size() > 2 ? at(x[2], {c}) : 0);
    }
  }
  return y;
}

}  // namespace

TEST_CASE("layer_normalization") {
  std::uint64_t seed = 1;
  for (const Shape& shape : std::vector<Shape>{{4, 3}, {3}, {2, 3, 4}, {2, 2, 3, 5}, {9, 33}}) {
    const Shape columns{shape.back()};
    OpTest test{
        .op = "layer_normalization",
        .run = [](const auto& x) { return layer_normalization(x[0], x[1], x[2], kEpsilon); },
        .inputs = {{normal(shape, seed), uniform(columns, 0.5, 2, seed + 1),
                    normal(columns, seed + 2)}},
        .values = normalized,
        .float32_result = {1e-5, 1e-5},
        .float32_gradient = {1e-4, 1e-4},
        .gradcheck_error = 1e-6};
    check(test);
    test.run = [](const auto& x) { return layer_normalization(x[0], {}, {}, kEpsilon); };
    test.inputs = {{normal(shape, seed)}};
    check(test);
    seed += 3;
  }
}

TEST_CASE("layer_normalization: errors name what was given") {
  const Tensor x = zeros({4, 3}), three = zeros({3}), two = zeros({2});
  const std::vector<std::string> parts = {"layer_normalization", "f32[4, 3]", "f32[2]"};
  CHECK(complaint<ShapeError>([&] { return layer_normalization(x, two, three, 1e-3); }, parts) ==
        "");
  CHECK(complaint<ShapeError>([&] { return layer_normalization(Variable(x), three, two, 1e-3); },
                              parts) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return layer_normalization(zeros({3, 0}), {}, {}, 1e-3);
            },
            {"layer_normalization", "f32[3, 0]"}) == "");
  CHECK(layer_normalization(zeros({0, 3}), {}, {}, 1e-3).shape() == Shape{0, 3});
}

}  // namespace keratin::tests
