#include "kernels/resize/resize.h"

#include <algorithm>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Interpolation;
using kernels::resize_shape;
using kernels::ResizeShape;

constexpr Interpolation kAll[] = {Interpolation::nearest, Interpolation::bilinear,
                                  Interpolation::bicubic, Interpolation::lanczos3,
                                  Interpolation::lanczos5};
constexpr std::int64_t kGuard = 64;

std::vector<std::uint8_t> bytes(std::int64_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<std::uint8_t>(random());
  return values;
}

template <class T>
std::vector<kernels::Resized<T>> resized(kernels::ResizeFn<T> function, const std::vector<T>& x,
                                         const ResizeShape& s) {
  auto y = unwritten<kernels::Resized<T>>(s.out_size() + kGuard);
  function(x.data(), y.data(), s);
  return y;
}
template <class T>
std::vector<T> gradient(kernels::ResizeGradientFn<T> function, const std::vector<T>& dy,
                        const ResizeShape& s) {
  auto dx = unwritten<T>(s.image_size() + kGuard);
  function(dy.data(), dx.data(), s);
  return dx;
}

// Inputs end with the vector, so that the sanitizers see a read past them.
void check_all_rungs(const ResizeShape& s, std::uint64_t seed) {
  const auto x = bytes(s.image_size(), seed);
  const auto expected =
      resized<double>(kernels::cpu::resize_reference<double>, converted<double>(x), s);
  for_each_rung(kernels::resize_ladder<float>, s, [&](auto function) {
    CHECK(difference(resized<float>(function, converted<float>(x), s), expected, {1e-6, 2e-4}) ==
          "");
  });
  for_each_rung(kernels::resize_ladder<std::uint8_t>, s, [&](auto function) {
    CHECK(difference(resized<std::uint8_t>(function, x, s), expected, {1e-6, 2e-4}) == "");
  });
  const auto dy = normal_values<float>(s.out_size(), seed + 1);
  const auto dx =
      gradient<double>(kernels::cpu::resize_gradient_reference<double>, converted<double>(dy), s);
  // An input pixel can be in many sums.
  const double sums =
      1 + static_cast<double>(s.out_h * s.out_w) / static_cast<double>(s.in_h * s.in_w);
  for_each_rung(kernels::resize_gradient_ladder<float>, s, [&](auto function) {
    CHECK(difference(gradient<float>(function, dy, s), dx, {1e-6, 2e-6 * sums}) == "");
  });
}

}  // namespace

TEST_CASE("resize: one row, as TensorFlow's tf.image.resize gives it") {
  const std::vector<double> pixels = {3, 250, 17, 0, 99, 180, 42};
  struct Row {
    std::int64_t in, out;
    Interpolation interpolation;
    bool antialias;
    std::vector<double> expected;
  };
  const Row rows[] = {
      {7, 3, Interpolation::nearest, false, {250, 0, 180}},
      {7, 3, Interpolation::nearest, true, {250, 0, 180}},
      {7, 3, Interpolation::bilinear, false, {167.6667, 0, 134}},
      {7, 3, Interpolation::bilinear, true, {111.8571, 52.5882, 113.3571}},
      {7, 3, Interpolation::bicubic, false, {187.3501, 0, 141.4843}},
      {7, 3, Interpolation::bicubic, true, {110.7419, 50.0623, 114.8024}},
      {7, 3, Interpolation::lanczos3, false, {186.9769, 0, 136.9613}},
      {7, 3, Interpolation::lanczos3, true, {106.5550, 56.3420, 113.9489}},
      {7, 3, Interpolation::lanczos5, false, {184.2376, 0, 135.4696}},
      {7, 3, Interpolation::lanczos5, true, {103.5672, 59.0370, 111.9074}},
      {5, 8, Interpolation::nearest, false, {3, 3, 250, 17, 17, 0, 99, 99}},
      {5,
       8,
       Interpolation::bilinear,
       true,
       {3, 111.0625, 235.4375, 89.8125, 11.6875, 1.0625, 55.6875, 99}},
      {5,
       8,
       Interpolation::bicubic,
       false,
       {-14.7731, 112.2452, 248.2256, 89.9736, -8.1587, -2.5190, 59.0595, 106.1236}},
      {5,
       8,
       Interpolation::lanczos3,
       false,
       {-29.5060, 117.8321, 252.0640, 106.7424, -30.8280, -7.3380, 64.0639, 109.6449}},
      {5,
       8,
       Interpolation::lanczos5,
       true,
       {-34.6276, 117.5251, 253.3825, 116.7832, -43.8184, -10.5736, 76.2518, 103.8833}},
  };
  for (const Row& row : rows) {
    for (const bool down : {false, true}) {
      const ResizeShape s =
          down ? resize_shape(1, row.in, 1, 1, row.out, 1, row.interpolation, row.antialias)
               : resize_shape(1, 1, row.in, 1, 1, row.out, row.interpolation, row.antialias);
      CAPTURE(s.text());
      std::vector<double> y(row.expected.size());
      kernels::cpu::resize_reference(pixels.data(), y.data(), s);
      CHECK(difference(y, row.expected, {0, 1e-4}) == "");
    }
  }
}

TEST_CASE("resize: channels around the vector, every interpolation") {
  for (const Interpolation interpolation : kAll) {
    for (const bool antialias : {false, true}) {
      for (const std::int64_t channels : {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33}) {
        check_all_rungs(resize_shape(2, 9, 7, channels, 4, 3, interpolation, antialias), 10);
        check_all_rungs(resize_shape(1, 5, 6, channels, 11, 13, interpolation, antialias), 11);
        check_all_rungs(resize_shape(1, 12, 5, channels, 5, 9, interpolation, antialias), 12);
        check_all_rungs(resize_shape(1, 4, 15, channels, 9, 8, interpolation, antialias), 13);
      }
    }
  }
}

TEST_CASE("resize: sizes") {
  for (const Interpolation interpolation : kAll) {
    for (const bool antialias : {false, true}) {
      for (const std::int64_t in : {1, 2, 3, 8, 17, 40}) {
        for (const std::int64_t out : {1, 2, 5, 17, 33}) {
          check_all_rungs(resize_shape(1, in, 43 - in, 3, out, 34 - out, interpolation, antialias),
                          20);
          check_all_rungs(resize_shape(2, in, in, 1, in, out, interpolation, antialias), 21);
          check_all_rungs(resize_shape(2, in, in, 4, out, in, interpolation, antialias), 22);
        }
      }
    }
  }
  check_all_rungs(resize_shape(0, 6, 6, 4, 2, 2), 23);
  check_all_rungs(resize_shape(1, 300, 200, 3, 2, 1, Interpolation::bilinear, true), 24);
  check_all_rungs(resize_shape(1, 1, 1, 3, 100, 90, Interpolation::lanczos5), 25);
  check_all_rungs(resize_shape(3, 150, 120, 3, 70, 60), 26);  // several pieces
}

TEST_CASE("resize: a window is read as if it were the image, and nothing else is") {
  const std::int64_t top = 2, left = 3, height = 5, width = 6;
  for (const Interpolation interpolation : kAll) {
    for (const std::int64_t channels : {1, 3, 4, 6}) {
      for (const std::int64_t out : {4, 9}) {
        ResizeShape s = resize_shape(2, 9, 11, channels, out, out, interpolation, true);
        s.top = top, s.left = left, s.in_h = height, s.in_w = width;
        check_all_rungs(s, 30);
        // What lies outside is NaN; the window alone gives the same.
        const auto window = normal_values<float>(2 * height * width * channels, 31);
        std::vector<float> image = unwritten<float>(s.image_size());
        for (std::int64_t n = 0; n < 2; ++n)
          for (std::int64_t r = 0; r < height; ++r)
            std::copy_n(window.begin() + (n * height + r) * width * channels, width * channels,
                        image.begin() + ((n * 9 + top + r) * 11 + left) * channels);
        const ResizeShape alone =
            resize_shape(2, height, width, channels, out, out, interpolation, true);
        for_each_rung(kernels::resize_ladder<float>, s, [&](auto function) {
          auto y = resized<float>(function, image, s);
          auto expected = resized<float>(function, window, alone);
          y.resize(static_cast<std::size_t>(s.out_size()));
          expected.resize(y.size());
          CHECK(same_bits(y, expected));
        });
      }
    }
  }
}

TEST_CASE("resize: a constant image stays constant") {
  for (const Interpolation interpolation : {Interpolation::nearest, Interpolation::bilinear}) {
    const ResizeShape s = resize_shape(1, 13, 29, 3, 24, 10, interpolation);
    const std::vector<std::uint8_t> x(static_cast<std::size_t>(s.image_size()), 255);
    for_each_rung(kernels::resize_ladder<std::uint8_t>, s, [&](auto function) {
      for (std::int64_t i = 0; const float y : resized<std::uint8_t>(function, x, s)) {
        if (i++ < s.out_size()) CHECK(y == 255);
      }
    });
  }
}

TEST_CASE("resize: the gradient is the transposed map") {
  // sum(dy * resize(x)) == sum(x * gradient(dy))
  for (const Interpolation interpolation : kAll) {
    for (const bool antialias : {false, true}) {
      const ResizeShape s = resize_shape(1, 11, 6, 2, 5, 13, interpolation, antialias);
      const auto x = normal_values<double>(s.image_size(), 40),
                 dy = normal_values<double>(s.out_size(), 41);
      std::vector<double> y(dy.size()), dx(x.size());
      kernels::cpu::resize_reference(x.data(), y.data(), s);
      kernels::cpu::resize_gradient_reference(dy.data(), dx.data(), s);
      double forward = 0, backward = 0;
      for (std::size_t i = 0; i < y.size(); ++i) forward += y[i] * dy[i];
      for (std::size_t i = 0; i < x.size(); ++i) backward += x[i] * dx[i];
      CHECK(std::abs(forward - backward) < 1e-9);
      CHECK(std::abs(forward) > 1e-3);
    }
  }
}

TEST_CASE("resize: the same bits on any number of threads") {
  for (const Interpolation interpolation : {Interpolation::bilinear, Interpolation::lanczos3}) {
    for (const ResizeShape& s : {resize_shape(5, 120, 130, 3, 90, 100, interpolation, true),
                                 resize_shape(2, 90, 100, 4, 250, 300, interpolation),
                                 resize_shape(60, 20, 21, 1, 30, 31, interpolation)}) {
      const auto x = normal_values<float>(s.image_size(), 50),
                 dy = normal_values<float>(s.out_size(), 51);
      for_each_rung(kernels::resize_ladder<float>, s, [&](auto function) {
        check_same_bits_on_all_threads([&] { return resized<float>(function, x, s); });
      });
      for_each_rung(kernels::resize_gradient_ladder<float>, s, [&](auto function) {
        check_same_bits_on_all_threads([&] { return gradient<float>(function, dy, s); });
      });
    }
  }
}

TEST_CASE("resize: cost and text") {
  ResizeShape s = resize_shape(2, 6, 4, 3, 3, 8);
  CHECK(s.text() == "[2, 6, 4, 3] -> [2, 3, 8, 3] bilinear");
  // Down first: 3 rows of 4 pixels, 2 weights; then 3 rows of 8.
  CHECK(kernels::resize_cost_of<std::uint8_t>(s).flops == 2 * 6 * (3 * 4 * 2 + 3 * 8 * 2));
  CHECK(kernels::resize_cost_of<std::uint8_t>(s).bytes == 6 * (6 * 4 * 1 + 3 * 8 * 4));
  CHECK(kernels::resize_gradient_cost<double>(s).bytes == 8 * (2 * 6 * 4 * 3 + 2 * 3 * 8 * 3));
  s.antialias = true;
  s.top = 1, s.left = 2, s.in_h = 5, s.in_w = 2;
  CHECK(s.text() == "[2, 6, 4, 3] -> [2, 3, 8, 3] bilinear antialias of 5x2 at 1, 2");
}

}  // namespace keratin::tests
