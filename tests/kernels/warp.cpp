#include "kernels/warp/warp.h"

#include "kernels/warp/place.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::FillMode;
using kernels::Interpolation;
using kernels::WarpShape;

constexpr FillMode kModes[] = {FillMode::reflect, FillMode::wrap, FillMode::nearest,
                               FillMode::constant};
constexpr Interpolation kInterpolations[] = {Interpolation::nearest, Interpolation::bilinear};
constexpr std::int64_t kGuard = 64;

// Turned, stretched and shifted at random, some with perspective.
std::vector<float> random_matrices(std::int64_t count, std::uint64_t seed, double size) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<float> m;
  for (std::int64_t n = 0; n < count; ++n) {
    const double angle = 3 * normal(random), zoom = std::exp(0.5 * normal(random));
    const double perspective = n % 3 == 2 ? 0.3 / size : 0;
    for (const double value :
         {zoom * std::cos(angle), -zoom * std::sin(angle), size * normal(random),
          zoom * std::sin(angle), zoom * std::cos(angle), size * normal(random),
          perspective * normal(random), perspective * normal(random)}) {
      m.push_back(static_cast<float>(value));
    }
  }
  return m;
}

template <class T>
std::vector<T> warped(kernels::WarpFn<T> function, const std::vector<T>& x,
                      const std::vector<float>& m, const WarpShape& s) {
  auto y = unwritten<T>(s.out_size() + kGuard);
  function(x.data(), m.data(), y.data(), s);
  return y;
}
template <class T>
std::vector<T> gradient(kernels::WarpGradientFn<T> function, const std::vector<T>& dy,
                        const std::vector<float>& m, const WarpShape& s) {
  auto dx = unwritten<T>(s.in_size() + kGuard);
  function(dy.data(), m.data(), dx.data(), s);
  return dx;
}

void check_all_rungs(WarpShape s, const std::vector<float>& m, std::uint64_t seed) {
  s.fill_value = -2.5;
  const auto x = normal_values<float>(s.in_size(), seed),
             dy = normal_values<float>(s.out_size(), seed + 1);
  const auto y = warped<double>(kernels::cpu::warp_reference<double>, converted<double>(x), m, s);
  for_each_rung(kernels::warp_ladder<float>, s, [&](auto function) {
    CHECK(difference(warped<float>(function, x, m, s), y, {1e-6, 2e-6}) == "");
  });
  const auto dx =
      gradient<double>(kernels::cpu::warp_gradient_reference<double>, converted<double>(dy), m, s);
  for_each_rung(kernels::warp_gradient_ladder<float>, s, [&](auto function) {
    // A pixel at an edge can be in very many sums.
    const double sums = static_cast<double>(s.out_h * s.out_w);
    CHECK(difference(gradient<float>(function, dy, m, s), dx, {1e-6, 1e-6 * std::sqrt(sums)}) ==
          "");
  });
}

}  // namespace

TEST_CASE("warp: places outside of the image") {
  struct Row {
    FillMode mode;
    std::vector<double> expected;  // at -9 ... 12 of a b c d = 0 1 2 3
  };
  const Row rows[] = {
      {FillMode::reflect, {0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3, 3}},
      {FillMode::nearest, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}},
      {FillMode::constant, {9, 9, 9, 9, 9, 9, 9, 9, 9, 0, 1, 2, 3, 9, 9, 9, 9, 9, 9, 9, 9, 9}},
  };
  for (const Row& row : rows) {
    for (const Interpolation interpolation : kInterpolations) {
      for (const bool down : {false, true}) {
        const auto size = static_cast<std::int64_t>(row.expected.size());
        const WarpShape s = down ? WarpShape{1, 4, 1, 1, size, 1, interpolation, row.mode, 9}
                                 : WarpShape{1, 1, 4, 1, 1, size, interpolation, row.mode, 9};
        CAPTURE(s.text());
        const std::vector<float> m = {1, 0, down ? 0.f : -9.f, 0, 1, down ? -9.f : 0.f, 0, 0};
        const std::vector<double> x = {0, 1, 2, 3};
        std::vector<double> y(row.expected.size());
        kernels::cpu::warp_reference(x.data(), m.data(), y.data(), s);
        CHECK(y == row.expected);
      }
    }
  }
}

TEST_CASE("warp: between pixels, by hand") {
  const std::vector<double> x = {0, 10, 20, 40};  // 2 x 2
  const auto at = [&](double v, double u, FillMode mode) {
    const WarpShape s{1, 2, 2, 1, 1, 1, Interpolation::bilinear, mode, 100};
    const std::vector<float> m = {1, 0, static_cast<float>(u), 0, 1, static_cast<float>(v), 0, 0};
    double y = 0;
    kernels::cpu::warp_reference(x.data(), m.data(), &y, s);
    return y;
  };
  CHECK(at(0.5, 0.5, FillMode::constant) == 17.5);
  CHECK(at(0, 0.25, FillMode::constant) == 2.5);
  CHECK(at(0, 1.25, FillMode::constant) == 0.75 * 10 + 0.25 * 100);
  CHECK(at(-0.5, -0.5, FillMode::constant) == 75);
  CHECK(at(0, 1.25, FillMode::nearest) == 10);
  CHECK(at(0, 1.75, FillMode::reflect) == 10);  // between b and its mirror image
  CHECK(at(0, 2.25, FillMode::reflect) == 7.5);
}

TEST_CASE("warp: channels around the vector, every mode") {
  for (const Interpolation interpolation : kInterpolations) {
    for (const FillMode mode : kModes) {
      for (const std::int64_t channels : {1, 2, 3, 4, 5, 7, 8, 16, 17, 33}) {
        const auto m = random_matrices(6, 5, 7);
        check_all_rungs({6, 9, 7, channels, 9, 7, interpolation, mode}, m, 10);
        check_all_rungs({6, 5, 6, channels, 8, 19, interpolation, mode}, m, 11);
      }
    }
  }
}

TEST_CASE("warp: sizes") {
  for (const Interpolation interpolation : kInterpolations) {
    for (const FillMode mode : kModes) {
      for (const std::int64_t size : {1, 2, 3, 8, 16, 17, 33}) {
        for (const std::int64_t channels : {1, 3, 4}) {
          const auto m = random_matrices(9, 6, static_cast<double>(size));
          check_all_rungs(
              {9, size, 18 - size / 2, channels, size, 18 - size / 2, interpolation, mode}, m, 20);
          check_all_rungs({9, 1, size, channels, 3, 5, interpolation, mode}, m, 21);
        }
      }
      check_all_rungs({0, 4, 4, 3, 4, 4, interpolation, mode}, {}, 22);
    }
  }
}

TEST_CASE("warp: numbers that are no places") {
  const float inf = kInf, nan = kNaN;
  const std::vector<float> m = {
      nan,   0, 0,   0, 1,     0,     0,  0,  // no number
      1,     0, inf, 0, 1,     0,     0,  0,  // infinitely far
      1,     0, 0,   0, 1,     0,     -1, 0,  // the denominator is 0 at column 1
      1e30f, 0, 0,   0, 1e30f, 0,     0,  0,  // far away
      1,     0, 0,   0, 1,     -3e9f, 0,  0};
  for (const Interpolation interpolation : kInterpolations) {
    for (const FillMode mode : kModes) {
      for (const std::int64_t channels : {1, 3, 8}) {
        check_all_rungs({5, 4, 5, channels, 4, 5, interpolation, mode}, m, 30);
      }
      const WarpShape s{5, 4, 5, 1, 4, 5, interpolation, mode, -1};
      const std::vector<double> x(100, 2.0);
      for (const double y : [&] {
             std::vector<double> all(100);
             kernels::cpu::warp_reference(x.data(), m.data(), all.data(), s);
             return all;
           }()) {
        CHECK((std::abs(y - 2) < 1e-6 || std::abs(y + 1) < 1e-6));
      }
    }
  }
}

TEST_CASE("warp: the gradient is the transposed map") {
  for (const Interpolation interpolation : kInterpolations) {
    for (const FillMode mode : kModes) {
      const WarpShape s{4, 6, 5, 2, 7, 4, interpolation, mode, 0};
      const auto m = random_matrices(4, 40, 1);
      const auto x = normal_values<double>(s.in_size(), 41),
                 dy = normal_values<double>(s.out_size(), 42);
      std::vector<double> y(dy.size()), dx(x.size());
      kernels::cpu::warp_reference(x.data(), m.data(), y.data(), s);
      kernels::cpu::warp_gradient_reference(dy.data(), m.data(), dx.data(), s);
      double forward = 0, backward = 0;
      for (std::size_t i = 0; i < y.size(); ++i) forward += y[i] * dy[i];
      for (std::size_t i = 0; i < x.size(); ++i) backward += x[i] * dx[i];
      CHECK(std::abs(forward - backward) < 1e-9);
      CHECK(std::abs(forward) > 1e-3);
    }
  }
}

TEST_CASE("warp: the same bits on any number of threads") {
  const WarpShape s{7, 90, 80, 3, 90, 80, Interpolation::bilinear, FillMode::constant, 3};
  const auto m = random_matrices(7, 50, 80);
  const auto x = normal_values<float>(s.in_size(), 51), dy = normal_values<float>(s.out_size(), 52);
  for_each_rung(kernels::warp_ladder<float>, s, [&](auto function) {
    check_same_bits_on_all_threads([&] { return warped<float>(function, x, m, s); });
  });
  for_each_rung(kernels::warp_gradient_ladder<float>, s, [&](auto function) {
    check_same_bits_on_all_threads([&] { return gradient<float>(function, dy, m, s); });
  });
}

TEST_CASE("warp: cost and text") {
  const WarpShape s{2, 6, 4, 3, 5, 7, Interpolation::nearest, FillMode::wrap, 0};
  CHECK(s.text() == "[2, 6, 4, 3] -> [2, 5, 7, 3] nearest wrap");
  CHECK(kernels::warp_cost<float>(s).flops == 70 * 14);
  CHECK(kernels::warp_cost<float>(s).bytes == 4 * (144 + 210));
}

}  // namespace keratin::tests
