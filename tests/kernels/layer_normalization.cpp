#include "kernels/layer_normalization/layer_normalization.h"

#include <tuple>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::LayerNormShape;

constexpr double kEpsilon = 1e-3;

const std::vector<std::pair<std::int64_t, std::int64_t>> kShapes = {
    {1, 1},   {1, 5},     {2, 1},     {7, 3},     {2, 16},   {5, 15},     {5, 17},   {33, 32},
    {9, 33},  {64, 64},   {3, 65},    {100, 7},   {257, 10}, {1000, 3},   {5000, 1}, {70001, 2},
    {37, 96}, {19, 1009}, {300, 515}, {20, 1030}, {2, 5000}, {130, 1024}, {0, 3}};

// Row r around a mean and with a spread of its own.
std::vector<float> rows_apart(const LayerNormShape& s, std::uint64_t seed, double offset) {
  auto x = normal_values(s.rows * s.cols, seed);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto r = static_cast<float>(static_cast<std::int64_t>(i) / s.cols);
    x[i] = x[i] * (0.5f + std::fmod(r, 3.0f)) + std::fmod(r, 5.0f) - 2 + static_cast<float>(offset);
  }
  return x;
}

template <class T>
struct Forward {
  std::vector<T> y, mean, scale;
};

// weights: gamma and beta, or none.
template <class T>
Forward<T> forward(kernels::LayerNormFn<T> function, const std::vector<T>& x,
                   const std::vector<T>& gamma, const std::vector<T>& beta,
                   const LayerNormShape& s) {
  Forward<T> f{unwritten<T>(s.rows * s.cols + 1), unwritten<T>(s.rows + 1),
               unwritten<T>(s.rows + 1)};
  for (auto* values : {&f.y, &f.mean, &f.scale}) values->back() = -77;
  function(x.data(), gamma.empty() ? nullptr : gamma.data(), beta.empty() ? nullptr : beta.data(),
           f.y.data(), f.mean.data(), f.scale.data(), s);
  for (auto* values : {&f.y, &f.mean, &f.scale}) {
    CHECK(values->back() == -77);
    values->pop_back();
  }
  return f;
}

void check_forward(const LayerNormShape& s, double offset, bool weighted) {
  const auto x = rows_apart(s, 1, offset);
  const auto gamma = weighted ? normal_values(s.cols, 2) : std::vector<float>(),
             beta = weighted ? normal_values(s.cols, 3) : std::vector<float>();
  const auto exact =
      forward<double>(kernels::cpu::layer_norm_reference<double>, converted<double>(x),
                      converted<double>(gamma), converted<double>(beta), s);
  for_each_rung(kernels::layer_norm_ladder<float>, s, [&](auto* function) {
    const auto f = forward<float>(function, x, gamma, beta, s);
    // A float's last places of the offset are differences of x.
    CHECK(difference(f.y, exact.y, {.rel = 2e-6, .abs = 4e-6 + 1e-10 * offset}) == "");
    CHECK(difference(f.mean, exact.mean, {.rel = 2e-7, .abs = 2e-6}) == "");
    CHECK(difference(f.scale, exact.scale, {.rel = 4e-6, .abs = 0}) == "");
    auto in_place = x;
    auto mean = f.mean, scale = f.scale;
    function(in_place.data(), weighted ? gamma.data() : nullptr, weighted ? beta.data() : nullptr,
             in_place.data(), mean.data(), scale.data(), s);
    CHECK(same_bits(in_place, f.y));
  });
}

template <class T>
struct Gradient {
  std::vector<T> dx, dgamma, dbeta;
};

template <class T>
Gradient<T> gradient(kernels::LayerNormGradientFn<T> function, const std::vector<T>& x,
                     const std::vector<T>& dy, const std::vector<T>& gamma,
                     const std::vector<T>& mean, const std::vector<T>& scale,
                     const LayerNormShape& s) {
  Gradient<T> g{unwritten<T>(s.rows * s.cols + 1), unwritten<T>(s.cols + 1),
                unwritten<T>(s.cols + 1)};
  for (auto* values : {&g.dx, &g.dgamma, &g.dbeta}) values->back() = -77;
  function(x.data(), dy.data(), gamma.empty() ? nullptr : gamma.data(), mean.data(), scale.data(),
           g.dx.data(), g.dgamma.data(), g.dbeta.data(), s);
  for (auto* values : {&g.dx, &g.dgamma, &g.dbeta}) {
    CHECK(values->back() == -77);
    values->pop_back();
  }
  return g;
}

void check_gradient(const LayerNormShape& s, bool weighted) {
  const auto x = rows_apart(s, 4, 0), dy = normal_values(s.rows * s.cols, 5);
  const auto gamma = weighted ? normal_values(s.cols, 6) : std::vector<float>();
  const auto f = forward<float>(kernels::cpu::layer_norm_reference<float>, x, {}, {}, s);
  const auto wide = [](const std::vector<float>& v) { return converted<double>(v); };
  const auto exact = gradient<double>(kernels::cpu::layer_norm_gradient_reference<double>, wide(x),
                                      wide(dy), wide(gamma), wide(f.mean), wide(f.scale), s);
  for_each_rung(kernels::layer_norm_gradient_ladder<float>, s, [&](auto* function) {
    const auto g = gradient<float>(function, x, dy, gamma, f.mean, f.scale, s);
    CHECK(difference(g.dx, exact.dx, {.rel = 1e-5, .abs = 1e-4}) == "");
    const double sums = 1e-6 * std::sqrt(static_cast<double>(s.rows)) + 1e-6;
    CHECK(difference(g.dgamma, exact.dgamma, {.rel = 1e-5, .abs = 10 * sums}) == "");
    CHECK(difference(g.dbeta, exact.dbeta, {.rel = 1e-5, .abs = 4 * sums}) == "");
    for (const bool over_x : {true, false}) {  // in the place of x, of dy
      auto a = x, b = dy;
      auto c = g.dgamma, e = g.dbeta;
      function(a.data(), b.data(), weighted ? gamma.data() : nullptr, f.mean.data(), f.scale.data(),
               over_x ? a.data() : b.data(), c.data(), e.data(), s);
      CHECK(same_bits(over_x ? a : b, g.dx));
    }
  });
}

}  // namespace

TEST_CASE("layer_norm: every rung, against double") {
  for (const auto& [rows, cols] : kShapes) {
    for (const bool weighted : {true, false}) {
      check_forward({rows, cols, kEpsilon}, 0, weighted);
      check_gradient({rows, cols, kEpsilon}, weighted);
    }
  }
}

TEST_CASE("layer_norm: far from zero the variance is not lost") {
  for (const std::int64_t cols : {7, 64, 1000}) check_forward({5, cols, kEpsilon}, 10000, true);
}

TEST_CASE("layer_norm: one NaN makes its row NaN, no other") {
  const LayerNormShape s{3, 37, kEpsilon};
  auto x = normal_values(s.rows * s.cols, 8);
  x[40] = kNaN;
  for_each_rung(kernels::layer_norm_ladder<float>, s, [&](auto* function) {
    const auto f = forward<float>(function, x, {}, {}, s);
    for (std::int64_t i = 0; i < s.rows * s.cols; ++i)
      CHECK(std::isnan(f.y[static_cast<std::size_t>(i)]) == (i / s.cols == 1));
  });
}

TEST_CASE("layer_norm: the same bits on any number of threads; streamed ones too") {
  for (const LayerNormShape s : {LayerNormShape{1000, 129, kEpsilon}, {5000, 901, kEpsilon}}) {
    const auto x = rows_apart(s, 9, 0), dy = normal_values(s.rows * s.cols, 10);
    check_same_bits_on_all_threads([&] {
      auto f = forward<float>(kernels::cpu::layer_norm_simd, x, {}, {}, s);
      const auto g =
          gradient<float>(kernels::cpu::layer_norm_gradient_simd, x, dy, {}, f.mean, f.scale, s);
      for (const auto* more : {&g.dx, &g.dgamma, &g.dbeta})
        f.y.insert(f.y.end(), more->begin(), more->end());
      return f.y;
    });
  }
}

}  // namespace keratin::tests
