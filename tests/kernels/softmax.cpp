#include "kernels/softmax/softmax.h"

#include <algorithm>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::SoftmaxShape;

// Among them those around what a warp or a block holds in registers.
const std::vector<SoftmaxShape> kShapes = {
    {1, 1},     {3, 2},   {2, 3},    {5, 7},    {2, 15},    {7, 16},   {3, 17},
    {4, 31},    {2, 33},  {3, 63},   {3, 64},   {2, 65},    {2, 127},  {5, 129},
    {9, 130},   {2, 513}, {3, 1000}, {2, 1024}, {1, 1025},  {2, 4099}, {1, 8193},
    {1, 40001}, {0, 5},   {513, 10}, {1000, 3}, {257, 257}, {70, 1}};

template <class T>
std::vector<T> applied(kernels::SoftmaxFn<T> function, const std::vector<T>& x,
                       const SoftmaxShape& s) {
  auto y = unwritten<T>(s.rows * s.cols + 1);
  y.back() = -77;
  function(x.data(), y.data(), s);
  CHECK(y.back() == -77);
  y.resize(y.size() - 1);
  auto in_place = x;
  function(in_place.data(), in_place.data(), s);
  CHECK(same_bits(in_place, y));
  return y;
}

double magnitude(const std::vector<float>& x) {
  double most = 1;
  for (const float v : x) {
    if (std::isfinite(v)) most = std::max(most, std::fabs(static_cast<double>(v)));
  }
  return most;
}

// exp(x - max) carries the rounding of x - max, half a last place of up to 2 |x|, into a relative
// error; results below 2^-126 may be 0.
void check_softmax(const std::vector<float>& x, const SoftmaxShape& s) {
  const double relative = 2e-6 + 1.2e-7 * std::min(magnitude(x), 100.0);
  const auto expected =
      applied<double>(kernels::cpu::softmax_reference<double>, converted<double>(x), s);
  for_each_rung(kernels::softmax_ladder<float>, s, [&](auto* function) {
    const auto y = applied<float>(function, x, s);
    CHECK(difference(y, expected, {.rel = relative, .abs = 0x1p-126}) == "");
  });
  const auto logs =
      applied<double>(kernels::cpu::log_softmax_reference<double>, converted<double>(x), s);
  for_each_rung(kernels::log_softmax_ladder<float>, s, [&](auto* function) {
    CHECK(difference(applied<float>(function, x, s), logs,
                     {.rel = 3e-7, .abs = 2e-6 + 1.2e-7 * magnitude(x)}) == "");
  });
}

std::vector<float> scores(const SoftmaxShape& s, std::uint64_t seed, double scale) {
  return normal_values(s.rows * s.cols, seed, scale);
}

}  // namespace

TEST_CASE("softmax: every rung, forward and logarithm, against double") {
  for (const SoftmaxShape& s : kShapes) {
    for (const double scale : {1.0, 10.0, 88.0}) check_softmax(scores(s, 3, scale), s);
    auto far = scores(s, 4, 1);
    for (float& v : far) v += 10'000;
    check_softmax(far, s);
    check_softmax(std::vector<float>(far.size(), -3.5f), s);  // ties: 1 / cols
  }
}

TEST_CASE("softmax: random shapes") {
  std::mt19937_64 random(12);
  for (int round = 0; round < 200; ++round) {
    const SoftmaxShape s{static_cast<std::int64_t>(1 + random() % 40),
                         static_cast<std::int64_t>(1 + random() % 300)};
    check_softmax(scores(s, random(), 4), s);
  }
}

TEST_CASE("softmax: rows of probabilities sum to 1; a row of one is 1") {
  const SoftmaxShape s{50, 333};
  for_each_rung(kernels::softmax_ladder<float>, s, [&](auto* function) {
    const auto y = applied<float>(function, scores(s, 5, 20), s);
    for (std::int64_t r = 0; r < s.rows; ++r) {
      double sum = 0;
      for (std::int64_t c = 0; c < s.cols; ++c)
        sum += static_cast<double>(y[static_cast<std::size_t>(r * s.cols + c)]);
      CHECK(std::fabs(sum - 1) < 2e-6);
    }
    const auto one = applied<float>(function, {3, -3e38f, 0, 1e-40f}, {4, 1});
    CHECK(one == std::vector<float>{1, 1, 1, 1});
  });
}

TEST_CASE("softmax: infinities and NaN, wherever they stand in a row") {
  for (const std::int64_t cols : {1, 2, 15, 16, 17, 40, 200}) {
    const SoftmaxShape s{3, cols};
    for (const float value : {-kInf, kInf, kNaN, 3.4e38f, -3.4e38f, 1e-45f}) {
      for (std::int64_t at = 0; at < cols; at += 1 + cols / 17) {
        auto x = scores(s, 6, 3);  // the rows around it stay as they are
        x[static_cast<std::size_t>(cols + at)] = value;
        check_softmax(x, s);
      }
    }
    std::vector<float> x(static_cast<std::size_t>(3 * cols), -kInf);  // all impossible: NaN
    check_softmax(x, s);
    x[0] = 1;
    check_softmax(x, s);
  }
}

TEST_CASE("softmax: infinities and NaN in rows that no registers hold") {
  const SoftmaxShape s{2, 8200};
  const auto with = [&](std::vector<float> x, std::int64_t at, float value) {
    x[static_cast<std::size_t>(at)] = value;
    check_softmax(x, s);
  };
  const std::vector<float> none(static_cast<std::size_t>(2 * s.cols), -kInf);
  check_softmax(none, s);
  with(none, 3, 1);  // of one thread alone
  with(none, 8199, 1);
  for (const float value : {-kInf, kInf, kNaN}) with(scores(s, 6, 3), 8195, value);
  auto rising = scores(s, 7, 1);  // each element the largest so far
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<float>(i % 8200) * 0.01F;
  check_softmax(rising, s);
}

namespace {

void check_gradients(const SoftmaxShape& s, std::uint64_t seed, double scale) {
  const auto x = scores(s, seed, scale), dy = scores(s, seed + 1, 1);
  const auto run = [&](auto forward, const auto& ladder, auto oracle) {
    // The result y as float32 has it, so that only the gradient is compared.
    const auto y = converted<float>(applied<double>(forward, converted<double>(x), s));
    auto expected = unwritten<double>(s.rows * s.cols);
    oracle(converted<double>(y).data(), converted<double>(dy).data(), expected.data(), s);
    // A sum of cols terms of size 1, in chains of a sixteenth to a quarter of them, times y.
    const auto n = static_cast<double>(s.cols);
    const double sum = 1e-7 * (8 + std::sqrt(n * std::min(n, 256.0)));
    for_each_rung(ladder, s, [&](auto* function) {
      auto dx = unwritten(s.rows * s.cols + 1);
      dx.back() = -77;
      function(y.data(), dy.data(), dx.data(), s);
      CHECK(dx.back() == -77);
      dx.resize(dx.size() - 1);
      CHECK(difference(dx, expected, {.rel = 4e-7, .abs = sum}) == "");
      auto in_dy = dy;
      function(y.data(), in_dy.data(), in_dy.data(), s);
      CHECK(same_bits(in_dy, dx));
    });
  };
  run(kernels::cpu::softmax_reference<double>, kernels::softmax_gradient_ladder<float>,
      kernels::cpu::softmax_gradient_reference<double>);
  run(kernels::cpu::log_softmax_reference<double>, kernels::log_softmax_gradient_ladder<float>,
      kernels::cpu::log_softmax_gradient_reference<double>);
}

}  // namespace

TEST_CASE("softmax: gradients, every rung, against double") {
  for (const SoftmaxShape& s : kShapes) {
    for (const double scale : {1.0, 30.0}) check_gradients(s, 7, scale);
  }
}

TEST_CASE("softmax: gradients are differences of the function") {
  const SoftmaxShape s{2, 5};
  const auto x = normal_values<double>(10, 8), dy = normal_values<double>(10, 9);
  const auto check = [&](auto forward, auto gradient) {
    auto y = unwritten<double>(10), dx = unwritten<double>(10);
    forward(x.data(), y.data(), s);
    gradient(y.data(), dy.data(), dx.data(), s);
    for (std::size_t i = 0; i < 10; ++i) {
      constexpr double kStep = 1e-6;
      double slope = 0;
      for (const double step : {kStep, -kStep}) {
        auto moved = x;
        moved[i] += step;
        forward(moved.data(), y.data(), s);
        for (std::size_t k = 0; k < 10; ++k) slope += y[k] * dy[k] / (2 * step);
      }
      CHECK(std::fabs(dx[i] - slope) < 1e-8);
    }
  };
  check(kernels::cpu::softmax_reference<double>, kernels::cpu::softmax_gradient_reference<double>);
  check(kernels::cpu::log_softmax_reference<double>,
        kernels::cpu::log_softmax_gradient_reference<double>);
}

TEST_CASE("softmax: the same bits on any number of threads") {
  for (const SoftmaxShape& s : {SoftmaxShape{300, 1000}, {20'000, 10}, {3, 70'000}}) {
    const auto x = scores(s, 10, 3), dy = scores(s, 11, 1);
    const auto forward = [&](const auto& ladder) {
      for_each_rung(ladder, s, [&](auto* function) {
        check_same_bits_on_all_threads([&] { return applied<float>(function, x, s); });
      });
    };
    forward(kernels::softmax_ladder<float>);
    forward(kernels::log_softmax_ladder<float>);
    const auto backward = [&](const auto& ladder) {
      for_each_rung(ladder, s, [&](auto* function) {
        check_same_bits_on_all_threads([&] {
          auto dx = unwritten(s.rows * s.cols);
          function(x.data(), dy.data(), dx.data(), s);
          return dx;
        });
      });
    };
    backward(kernels::softmax_gradient_ladder<float>);
    backward(kernels::log_softmax_gradient_ladder<float>);
  }
}

TEST_CASE("softmax: cost and text") {
  CHECK(SoftmaxShape{3, 5}.text() == "[3, 5]");
  CHECK(kernels::softmax_cost<float>({3, 5}).bytes == 120);
  CHECK(kernels::softmax_gradient_cost<double>({3, 5}).bytes == 360);
}

TEST_CASE("softmax: rows that are streamed past the caches") {
  const SoftmaxShape s{1031, 4099};  // 34 MB, places that are no multiple of a vector
  const auto x = scores(s, 31, 3), dy = scores(s, 32, 1);
  const auto compare = [&](const auto& ladder, auto run, double absolute) {
    const auto plain = run(ladder.rungs[1].function);
    for_each_rung(ladder, s, [&](auto* function) {
      if (function == ladder.rungs[0].function) return;
      CHECK(difference(run(function), plain, {.rel = 4e-6, .abs = absolute}) == "");
    });
  };
  const auto forward = [&](kernels::SoftmaxFn<float> function) {
    auto y = unwritten<float>(s.rows * s.cols);
    function(x.data(), y.data(), s);
    return y;
  };
  compare(kernels::softmax_ladder<float>, forward, 4e-6);
  compare(kernels::log_softmax_ladder<float>, forward, 4e-6);
  const auto gradient = [&](const std::vector<float>& y) {
    return [&](kernels::SoftmaxGradientFn<float> function) {
      auto dx = unwritten<float>(s.rows * s.cols);
      function(y.data(), dy.data(), dx.data(), s);
      return dx;
    };
  };
  // As in check_gradients: a sum of 4099 terms, which each rung cuts in its own way.
  const double sum = 1e-7 * (8 + std::sqrt(4099.0 * 256));
  const auto y = forward(kernels::cpu::softmax_exp2);
  compare(kernels::softmax_gradient_ladder<float>, gradient(y), sum);
  const auto log_y = forward(kernels::cpu::log_softmax_exp2);
  compare(kernels::log_softmax_gradient_ladder<float>, gradient(log_y), sum);
}

}  // namespace keratin::tests
