#include "autograd/ops/batch_normalization.h"

#include "tensor/cast.h"
#include "tests/ops/by_index.h"

namespace keratin::tests {
namespace {

constexpr double kEpsilon = 1e-3;

// Mean and biased variance of a channel.
std::pair<double, double> moments_of(const Tensor& x, std::int64_t channel) {
  const std::vector<double> values = numbers_of(x);
  const std::int64_t channels = x.shape().back(), rows = x.size() / channels;
  double mean = 0, variance = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    mean += values[static_cast<std::size_t>(r * channels + channel)] / static_cast<double>(rows);
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const double d = values[static_cast<std::size_t>(r * channels + channel)] - mean;
    variance += d * d / static_cast<double>(rows);
  }
  return {mean, variance};
}

const std::vector<Shape> kShapes = {{4, 3},       {1, 3},    {5, 1},     {2, 3, 4},
                                    {2, 2, 3, 5}, {300, 33}, {40, 9, 64}};

std::vector<double> normalized(const TensorList& x) {
  return by_index(x[0].shape(), [&](const Place& place) {
    const std::int64_t channel = place.back();
    const auto [mean, variance] = moments_of(x[0], channel);
    const double y = (at(x[0], place) - mean) / std::sqrt(variance + kEpsilon);
    return y * (x.size() > 1 ? at(x[1], {channel}) : 1) + (x.size() > 2 ? at(x[2], {channel}) : 0);
  });
}

// What takes a sum with it to one side of relu's kink or the other.
Tensor far_from_zero(const Shape& shape, std::uint64_t seed) {
  std::vector<double> values = numbers_of(normal(shape, seed));
  for (double& value : values) value += value > 0 ? 20 : -20;
  return Tensor::from(values, shape);
}

}  // namespace

TEST_CASE("batch_normalization") {
  std::uint64_t seed = 1;
  for (const Shape& shape : kShapes) {
    const Shape channels{shape.back()};
    OpTest test{.op = "batch_normalization",
                .run =
                    [](const auto& x) {
                      BatchMoments moments;
                      return batch_normalization(x[0], x[1], x[2], kEpsilon, moments);
                    },
                .inputs = {{normal(shape, seed), uniform(channels, 0.5, 2, seed + 1),
                            normal(channels, seed + 2)}},
                .values = normalized,
                .float32_result = {1e-5, 1e-5},
                .float32_gradient = {1e-4, 1e-4},
                .gradcheck_error = 1e-6,
                .differentiable = Differentiable::once};
    check(test);
    test.run = [](const auto& x) {
      BatchMoments moments;
      return batch_normalization(x[0], {}, {}, kEpsilon, moments);
    };
    test.inputs = {{normal(shape, seed)}};
    check(test);
    seed += 3;
  }
}

TEST_CASE("batch_normalization: the moments; one row becomes beta") {
  const Tensor x = normal({2, 7, 3}, 4);
  BatchMoments moments;
  (void)batch_normalization(Variable(x), {}, {}, kEpsilon, moments);
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto [mean, variance] = moments_of(x, c);
    CHECK(moments.mean.item<double>({c}) == doctest::Approx(mean));
    CHECK(moments.variance.item<double>({c}) == doctest::Approx(variance));
  }
  const Tensor beta = Tensor::numbers({1, 2, 3});
  const Tensor y =
      batch_normalization(Tensor::numbers({5, -6, 7}, {1, 3}), {}, beta, kEpsilon, moments);
  CHECK(difference(numbers_of(y), numbers_of(beta), {.rel = 2e-5, .abs = 0}) == "");
  CHECK(numbers_of(moments.variance) == std::vector<double>{0, 0, 0});
}

TEST_CASE("batch_normalization: far from zero the variance is not lost") {
  const Tensor x = Tensor::numbers({10000, 10001, 10002, 10003}, {4, 1});
  BatchMoments moments;
  (void)batch_normalization(x, {}, {}, kEpsilon, moments);
  CHECK(moments.variance.item<double>() == doctest::Approx(1.25).epsilon(1e-4));
}

TEST_CASE("batch_normalization: with given moments") {
  std::uint64_t seed = 50;
  for (const Shape& shape : kShapes) {
    const Shape channels{shape.back()};
    const Tensor mean = normal(channels, seed), variance = uniform(channels, 0.2, 2, seed + 1);
    check({.op = "batch_normalization",
           .run =
               [=](const auto& x) {
                 const DType given = x[0].dtype();
                 const DType dtype = is_floating(given) ? given : float32;
                 return batch_normalization(x[0], x[1], x[2], kEpsilon, cast(mean, dtype),
                                            cast(variance, dtype));
               },
           .inputs = {{normal(shape, seed + 2), uniform(channels, 0.5, 2, seed + 3),
                       normal(channels, seed + 4)}},
           .values =
               [=](const TensorList& x) {
                 return by_index(shape, [&](const Place& place) {
                   const Place c{place.back()};
                   return (at(x[0], place) - at(mean, c)) / std::sqrt(at(variance, c) + kEpsilon) *
                              at(x[1], c) +
                          at(x[2], c);
                 });
               },
           .float32_result = {1e-5, 1e-5},
           .float32_gradient = {1e-4, 1e-4}});
    seed += 5;
  }
}

TEST_CASE(
    "batch_normalization_relu: with its own moments and with given ones, with and without "
    "what is added") {
  std::uint64_t seed = 100;
  for (const Shape& shape : kShapes) {
    const Shape channels{shape.back()};
    const Tensor mean = normal(channels, seed), variance = uniform(channels, 0.2, 2, seed + 1);
    const TensorList all = {normal(shape, seed + 2), uniform(channels, 0.5, 2, seed + 3),
                            normal(channels, seed + 4), far_from_zero(shape, seed + 5)};
    const auto cut = [](std::vector<double> sums) {
      for (double& y : sums) y = std::max(y, 0.0);
      return sums;
    };
    OpTest own{.op = "batch_normalization",
               .run =
                   [](const auto& x) {
                     BatchMoments moments;
                     return batch_normalization_relu(x[0], x[1], x[2], x[3], kEpsilon, moments);
                   },
               .inputs = {all},
               .values =
                   [=](const TensorList& x) {
                     std::vector<double> sums = normalized({x[0], x[1], x[2]});
                     const std::vector<double> added = numbers_of(x[3]);
                     for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += added[i];
                     return cut(sums);
                   },
               .float32_result = {1e-5, 1e-5},
               .float32_gradient = {1e-4, 1e-4},
               .gradcheck_error = 1e-6,
               .differentiable = Differentiable::once};
    check(own);
    own.run = [](const auto& x) {
      BatchMoments moments;
      return batch_normalization_relu(x[0], x[1], x[2], {}, kEpsilon, moments);
    };
    own.inputs = {{all[0], all[1], far_from_zero(channels, seed + 4)}};
    own.values = [=](const TensorList& x) { return cut(normalized(x)); };
    check(own);
    check({.op = "batch_normalization",
           .run =
               [=](const auto& x) {
                 const DType given = x[0].dtype();
                 const DType dtype = is_floating(given) ? given : float32;
                 return batch_normalization_relu(x[0], x[1], x[2], x[3], kEpsilon,
                                                 cast(mean, dtype), cast(variance, dtype));
               },
           .inputs = {all},
           .values =
               [=](const TensorList& x) {
                 return cut(by_index(shape, [&](const Place& place) {
                   const Place c{place.back()};
                   return (at(x[0], place) - at(mean, c)) / std::sqrt(at(variance, c) + kEpsilon) *
                              at(x[1], c) +
                          at(x[2], c) + at(x[3], place);
                 }));
               },
           .float32_result = {1e-5, 1e-5},
           .float32_gradient = {1e-4, 1e-4}});
    seed += 6;
  }
}

TEST_CASE("batch_normalization: errors name what was given") {
  const Tensor x = zeros({4, 3}), three = zeros({3}), two = zeros({2});
  BatchMoments m;
  const std::vector<std::string> parts = {"batch_normalization", "f32[4, 3]", "f32[2]"};
  CHECK(complaint<ShapeError>([&] { return batch_normalization(x, two, three, 1e-3, m); }, parts) ==
        "");
  CHECK(complaint<ShapeError>([&] { return batch_normalization(Variable(x), three, two, 1e-3, m); },
                              parts) == "");
  CHECK(complaint<ShapeError>([&] { return batch_normalization(x, {}, {}, 1e-3, two, three); },
                              parts) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return batch_normalization_relu(x, {}, {}, zeros({3, 3}), 1e-3, m);
            },
            {"batch_normalization", "residual", "f32[3, 3]", "f32[4, 3]"}) == "");
  CHECK(complaint<ShapeError>([&] { return batch_normalization(x, {}, two, 1e-3, three, three); },
                              parts) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return batch_normalization(zeros({0, 3}), {}, {}, 1e-3, m);
            },
            {"batch_normalization", "f32[0, 3]", "no rows"}) == "");
  CHECK(complaint<ShapeError>(
            [&] {
              return batch_normalization(zeros({3, 0}), {}, {}, 1e-3, m);
            },
            {"batch_normalization", "f32[3, 0]"}) == "");
}

}  // namespace keratin::tests
