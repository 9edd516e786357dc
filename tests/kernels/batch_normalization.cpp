#include "kernels/batch_normalization/batch_normalization.h"

#include <algorithm>
#include <tuple>

#include "kernels/crossovers.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::BatchNormShape;

constexpr double kEpsilon = 1e-3;

const std::vector<std::pair<std::int64_t, std::int64_t>> kShapes = {
    {1, 1},     {1, 5},     {2, 1},     {7, 3},     {2, 16},   {5, 15},     {5, 17},   {33, 32},
    {9, 33},    {64, 64},   {3, 65},    {100, 7},   {257, 10}, {1000, 3},   {5000, 1}, {70001, 2},
    {2049, 96}, {4096, 31}, {300, 515}, {20, 1030}, {2, 5000}, {90000, 16}, {1, 0},    {3, 0}};

// Channel c around a mean and with a spread of its own.
std::vector<float> channels_apart(const BatchNormShape& s, std::uint64_t seed, double offset) {
  auto x = normal_values(s.rows * s.channels, seed);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto c = static_cast<float>(static_cast<std::int64_t>(i) % s.channels);
    x[i] = x[i] * (0.5f + std::fmod(c, 3.0f)) + std::fmod(c, 5.0f) - 2 + static_cast<float>(offset);
  }
  return x;
}

template <class T>
std::pair<std::vector<T>, std::vector<T>> moments(kernels::BatchMomentsFn<T> function,
                                                  const std::vector<T>& x,
                                                  const BatchNormShape& s) {
  auto mean = unwritten<T>(s.channels + 1), variance = unwritten<T>(s.channels + 1);
  mean.back() = variance.back() = -77;
  function(x.data(), mean.data(), variance.data(), s);
  CHECK(mean.back() == -77);
  CHECK(variance.back() == -77);
  mean.resize(mean.size() - 1);
  variance.resize(variance.size() - 1);
  return {mean, variance};
}

void check_moments(const std::vector<float>& x, const BatchNormShape& s, double offset) {
  const auto exact =
      moments<double>(kernels::cpu::batch_moments_reference<double>, converted<double>(x), s);
  for_each_rung(kernels::batch_moments_ladder<float>, s, [&](auto* function) {
    const auto [mean, variance] = moments<float>(function, x, s);
    CHECK(difference(mean, exact.first, {.rel = 2e-7, .abs = 2e-6}) == "");
    // Rows are taken from one of them, never from 0: an offset costs its own last places only.
    const Tolerance tolerance{.rel = 5e-6, .abs = 1e-6 + 1e-12 * offset * offset};
    CHECK(difference(variance, exact.second, tolerance) == "");
  });
}

}  // namespace

TEST_CASE("batch_moments: every rung, against double") {
  for (const auto& [rows, channels] : kShapes) {
    const BatchNormShape s{rows, channels, kEpsilon};
    for (const double offset : {0.0, 1000.0, -30000.0})
      check_moments(channels_apart(s, 3, offset), s, offset);
    check_moments(std::vector<float>(static_cast<std::size_t>(rows * channels), 0.1f), s, 0);
  }
}

TEST_CASE("batch_moments: random shapes") {
  std::mt19937_64 random(31);
  for (int round = 0; round < 150; ++round) {
    const BatchNormShape s{static_cast<std::int64_t>(1 + random() % 700),
                           static_cast<std::int64_t>(1 + random() % 90), kEpsilon};
    check_moments(channels_apart(s, random(), 5), s, 5);
  }
}

TEST_CASE("batch_moments: a first row unlike all others") {
  for (const auto& [rows, channels] : {std::pair{3000, 4}, {500, 64}, {40, 1000}}) {
    const BatchNormShape s{rows, channels, kEpsilon};
    auto x = channels_apart(s, 4, 1000);
    std::fill_n(x.begin(), channels, 0.0f);
    const auto exact =
        moments<double>(kernels::cpu::batch_moments_reference<double>, converted<double>(x), s);
    for_each_rung(kernels::batch_moments_ladder<float>, s, [&](auto* function) {
      const auto [mean, variance] = moments<float>(function, x, s);
      CHECK(difference(mean, exact.first, {.rel = 1e-6, .abs = 1e-5}) == "");
      CHECK(difference(variance, exact.second, {.rel = 5e-6, .abs = 1e-5}) == "");
    });
  }
}

TEST_CASE("batch_moments: NaN and infinity spoil their channel, and no other") {
  for (const auto& [rows, channels] : {std::pair{5, 3}, {3000, 17}, {90000, 2}, {200, 600}}) {
    const BatchNormShape s{rows, channels, kEpsilon};
    for (const float value : {kNaN, kInf, -kInf}) {
      for (const std::int64_t row : {std::int64_t{0}, s.rows / 2, s.rows - 1}) {
        auto x = channels_apart(s, 4, 0);
        x[static_cast<std::size_t>(row * channels + 1)] = value;
        check_moments(x, s, 0);
      }
    }
  }
}

namespace {

struct Layer {
  BatchNormShape shape;
  std::vector<float> x, dy, mean, variance, gamma, beta;
};

Layer layer(std::int64_t rows, std::int64_t channels, std::uint64_t seed, double offset) {
  Layer l{.shape = {rows, channels, kEpsilon},
          .x = {},
          .dy = normal_values(rows * channels, seed + 1),
          .mean = {},
          .variance = {},
          .gamma = normal_values(channels, seed + 2),
          .beta = normal_values(channels, seed + 3)};
  l.x = channels_apart(l.shape, seed, offset);
  std::tie(l.mean, l.variance) =
      moments<float>(kernels::cpu::batch_moments_reference<float>, l.x, l.shape);
  return l;
}

template <class T>
const T* data_if(bool wanted, const std::vector<T>& values) {
  return wanted ? values.data() : nullptr;
}

void check_forward(const Layer& l) {
  const auto x = converted<double>(l.x), mean = converted<double>(l.mean),
             variance = converted<double>(l.variance), gamma = converted<double>(l.gamma),
             beta = converted<double>(l.beta);
  for (const int given : {0, 1, 2, 3}) {
    const bool scaled = given & 1, shifted = given & 2;
    auto expected = unwritten<double>(static_cast<std::int64_t>(x.size()));
    kernels::cpu::batch_norm_reference(x.data(), mean.data(), variance.data(),
                                       data_if(scaled, gamma), data_if(shifted, beta),
                                       expected.data(), l.shape);
    for_each_rung(kernels::batch_norm_ladder<float>, l.shape, [&](auto* function) {
      auto y = unwritten(static_cast<std::int64_t>(x.size()) + 1);
      y.back() = -77;
      function(l.x.data(), l.mean.data(), l.variance.data(), data_if(scaled, l.gamma),
               data_if(shifted, l.beta), y.data(), l.shape);
      CHECK(y.back() == -77);
      y.resize(x.size());
      CHECK(difference(y, expected, {.rel = 4e-7, .abs = 1e-6}) == "");
      auto in_place = l.x;
      function(in_place.data(), l.mean.data(), l.variance.data(), data_if(scaled, l.gamma),
               data_if(shifted, l.beta), in_place.data(), l.shape);
      CHECK(same_bits(in_place, y));
    });
  }
}

void check_gradients(const Layer& l) {
  const auto x = converted<double>(l.x), dy = converted<double>(l.dy),
             mean = converted<double>(l.mean), variance = converted<double>(l.variance),
             gamma = converted<double>(l.gamma);
  const auto size = static_cast<std::int64_t>(x.size());
  const double terms = std::sqrt(static_cast<double>(l.shape.rows));
  for (const bool scaled : {true, false}) {
    auto dx = unwritten<double>(size), dgamma = unwritten<double>(l.shape.channels),
         dbeta = unwritten<double>(l.shape.channels);
    kernels::cpu::batch_norm_gradient_reference(x.data(), dy.data(), mean.data(), variance.data(),
                                                data_if(scaled, gamma), dx.data(), dgamma.data(),
                                                dbeta.data(), l.shape);
    for_each_rung(kernels::batch_norm_gradient_ladder<float>, l.shape, [&](auto* function) {
      auto dx_f = unwritten(size + 1), dgamma_f = unwritten(l.shape.channels + 1),
           dbeta_f = unwritten(l.shape.channels + 1);
      dx_f.back() = dgamma_f.back() = dbeta_f.back() = -77;
      function(l.x.data(), l.dy.data(), l.mean.data(), l.variance.data(), data_if(scaled, l.gamma),
               dx_f.data(), dgamma_f.data(), dbeta_f.data(), l.shape);
      for (auto* out : {&dx_f, &dgamma_f, &dbeta_f}) {
        CHECK(out->back() == -77);
        out->resize(out->size() - 1);
      }
      CHECK(difference(dbeta_f, dbeta, {.rel = 1e-6, .abs = 2e-6 * terms}) == "");
      CHECK(difference(dgamma_f, dgamma, {.rel = 1e-6, .abs = 2e-6 * terms}) == "");
      CHECK(difference(dx_f, dx, {.rel = 2e-6, .abs = 2e-5}) == "");
      auto in_place = l.dy;
      function(l.x.data(), in_place.data(), l.mean.data(), l.variance.data(),
               data_if(scaled, l.gamma), in_place.data(), dgamma_f.data(), dbeta_f.data(), l.shape);
      CHECK(same_bits(in_place, dx_f));
    });
  }
}

}  // namespace

TEST_CASE("batch_norm: every rung, with and without gamma and beta, against double") {
  for (const auto& [rows, channels] : kShapes) {
    for (const double offset : {0.0, 1000.0}) check_forward(layer(rows, channels, 5, offset));
  }
}

TEST_CASE("batch_norm: a channel that never changes gives beta") {
  const BatchNormShape s{50, 2, kEpsilon};
  const std::vector<float> x(100, 1e6f), mean = {1e6f, 1e6f}, variance = {0, 0}, beta = {3, -4};
  for_each_rung(kernels::batch_norm_ladder<float>, s, [&](auto* function) {
    auto y = unwritten(100);
    function(x.data(), mean.data(), variance.data(), nullptr, beta.data(), y.data(), s);
    for (std::size_t i = 0; i < 100; ++i) CHECK(y[i] == beta[i % 2]);
  });
}

TEST_CASE("batch_norm: gradients, every rung, against double") {
  for (const auto& [rows, channels] : kShapes) {
    for (const double offset : {0.0, 1000.0}) check_gradients(layer(rows, channels, 6, offset));
  }
}

TEST_CASE("batch_norm: gradients are differences of the function") {
  const BatchNormShape s{6, 2, kEpsilon};
  const auto x = normal_values<double>(12, 1), dy = normal_values<double>(12, 2),
             gamma = normal_values<double>(2, 3), beta = normal_values<double>(2, 4);
  const auto value = [&](const std::vector<double>& at, const std::vector<double>& g) {
    double mean[2], variance[2], y[12], sum = 0;
    kernels::cpu::batch_moments_reference(at.data(), mean, variance, s);
    kernels::cpu::batch_norm_reference(at.data(), mean, variance, g.data(), beta.data(), y, s);
    for (std::size_t i = 0; i < 12; ++i) sum += y[i] * dy[i];
    return sum;
  };
  double mean[2], variance[2], dx[12], dgamma[2], dbeta[2];
  kernels::cpu::batch_moments_reference(x.data(), mean, variance, s);
  kernels::cpu::batch_norm_gradient_reference(x.data(), dy.data(), mean, variance, gamma.data(), dx,
                                              dgamma, dbeta, s);
  constexpr double kStep = 1e-6;
  const auto slope = [&](std::vector<double> values, std::size_t i, auto f) {
    values[i] += kStep;
    const double above = f(values);
    values[i] -= 2 * kStep;
    return (above - f(values)) / (2 * kStep);
  };
  for (std::size_t i = 0; i < 12; ++i)
    CHECK(std::fabs(dx[i] - slope(x, i, [&](auto& v) { return value(v, gamma); })) < 1e-7);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::fabs(dgamma[i] - slope(gamma, i, [&](auto& v) { return value(x, v); })) < 1e-7);
    double sum = 0;
    for (std::size_t r = 0; r < 6; ++r) sum += dy[2 * r + i];
    CHECK(std::fabs(dbeta[i] - sum) < 1e-12);
  }
}

TEST_CASE("batch_norm: the same bits on any number of threads") {
  for (const auto& [rows, channels] : {std::pair{30000, 32}, {5000, 3}, {3000, 300}}) {
    const Layer l = layer(rows, channels, 7, 1);
    for_each_rung(kernels::batch_moments_ladder<float>, l.shape, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        auto [mean, variance] = moments<float>(function, l.x, l.shape);
        mean.insert(mean.end(), variance.begin(), variance.end());
        return mean;
      });
    });
    for_each_rung(kernels::batch_norm_gradient_ladder<float>, l.shape, [&](auto* function) {
      check_same_bits_on_all_threads([&] {
        auto out = unwritten((l.shape.rows + 2) * l.shape.channels);
        float* const dgamma = out.data() + l.shape.rows * l.shape.channels;
        function(l.x.data(), l.dy.data(), l.mean.data(), l.variance.data(), l.gamma.data(),
                 out.data(), dgamma, dgamma + l.shape.channels, l.shape);
        return out;
      });
    });
  }
}

TEST_CASE("batch_norm: results past the caches are the same bits") {
  const auto line = [](std::vector<float>& room) {
    float* p = room.data();
    while (reinterpret_cast<std::uintptr_t>(p) % 64 != 0) ++p;
    return p;
  };
  const kernels::Crossovers before = kernels::crossovers();
  kernels::Crossovers streamed = before;
  streamed.streamed_bytes = 0;
  for (const auto& [rows, channels] : {std::pair{4100, 64}, {4097, 32}, {333, 48}, {50, 1040}}) {
    const BatchNormShape s{rows, channels, kEpsilon};
    const auto x = channels_apart(s, 71, 0), dy = normal_values(s.rows * s.channels, 72),
               gamma = normal_values(s.channels, 73), beta = normal_values(s.channels, 74);
    const auto [mean, variance] = moments(kernels::cpu::batch_moments_simd, x, s);
    const auto run = [&](float* y, float* dx) {
      auto dgamma = unwritten(s.channels), dbeta = unwritten(s.channels);
      kernels::cpu::batch_norm_simd(x.data(), mean.data(), variance.data(), gamma.data(),
                                    beta.data(), y, s);
      kernels::cpu::batch_norm_gradient_simd(x.data(), dy.data(), mean.data(), variance.data(),
                                             gamma.data(), dx, dgamma.data(), dbeta.data(), s);
    };
    auto y = unwritten(s.rows * s.channels), dx = y;
    run(y.data(), dx.data());
    auto y_room = unwritten(s.rows * s.channels + 16), dx_room = y_room;
    kernels::set_crossovers(streamed);
    run(line(y_room), line(dx_room));
    kernels::set_crossovers(before);
    CHECK(std::equal(y.begin(), y.end(), line(y_room)));
    CHECK(std::equal(dx.begin(), dx.end(), line(dx_room)));
  }
}

TEST_CASE("batch_norm: cost and text") {
  const BatchNormShape s{10, 4, kEpsilon};
  CHECK(s.text() == "[10, 4]");
  CHECK(kernels::batch_moments_cost<float>(s).bytes == 160);
  CHECK(kernels::batch_norm_cost<float>(s).bytes == 320);
  CHECK(kernels::batch_norm_gradient_cost<double>(s).bytes == 960);
}

}  // namespace keratin::tests
