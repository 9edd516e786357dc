#include "kernels/pool2d/pool2d.h"

#include <algorithm>

#include "kernels/parallel.h"
#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::Pool2dShape;

Pool2dShape valid(Pool2dShape s) {
  s.out_h = (s.in_h - s.pool_h) / s.stride_h + 1;
  s.out_w = (s.in_w - s.pool_w) / s.stride_w + 1;
  return s;
}
Pool2dShape same(Pool2dShape s) {
  s.out_h = (s.in_h + s.stride_h - 1) / s.stride_h;
  s.out_w = (s.in_w + s.stride_w - 1) / s.stride_w;
  s.pad_top = std::max<std::int64_t>(0, (s.out_h - 1) * s.stride_h + s.pool_h - s.in_h) / 2;
  s.pad_left = std::max<std::int64_t>(0, (s.out_w - 1) * s.stride_w + s.pool_w - s.in_w) / 2;
  return s;
}
Pool2dShape image(std::int64_t batch, std::int64_t height, std::int64_t width,
                  std::int64_t channels, std::int64_t pool_h, std::int64_t pool_w,
                  std::int64_t stride_h, std::int64_t stride_w) {
  return {.batch = batch,
          .in_h = height,
          .in_w = width,
          .channels = channels,
          .pool_h = pool_h,
          .pool_w = pool_w,
          .stride_h = stride_h,
          .stride_w = stride_w};
}

// Small integers: many ties. Some NaN and infinities, where asked for.
std::vector<double> cells(std::int64_t count, std::uint64_t seed, bool odd_values) {
  std::mt19937_64 random(seed);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) {
    value = std::uniform_int_distribution<int>(-3, 3)(random);
    if (!odd_values) continue;
    const int odd = std::uniform_int_distribution<int>(0, 9)(random);
    value = odd == 0 ? kNaN : odd == 1 ? kInf : odd <= 3 ? -kInf : value;
  }
  return values;
}

constexpr std::int64_t kGuard = 64;
template <class T>
std::vector<T> averaged(kernels::AveragePool2dFn<T> function, const std::vector<double>& x,
                        const Pool2dShape& s) {
  auto y = unwritten<T>(s.out_size() + kGuard);
  function(converted<T>(x).data(), y.data(), s);
  return y;
}
template <class T>
std::vector<T> largest(kernels::MaxPool2dFn<T> function, const std::vector<double>& x,
                       const Pool2dShape& s) {
  auto y = unwritten<T>(s.out_size() + kGuard);
  function(converted<T>(x).data(), y.data(), nullptr, s);
  return y;
}

// y, and the numbers of those that won.
template <class T>
struct Winners {
  std::vector<T> y;
  std::vector<std::int32_t> numbers;  // the memory itself, and what lies behind it
};
template <class T>
Winners<T> winners(kernels::MaxPool2dFn<T> function, const std::vector<double>& x,
                   const Pool2dShape& s) {
  Winners<T> w{unwritten<T>(s.out_size() + kGuard), {}};
  w.numbers.assign(static_cast<std::size_t>(s.out_size() + kGuard), -7);
  function(converted<T>(x).data(), w.y.data(), w.numbers.data(), s);
  return w;
}
template <class T>
std::vector<T> max_gradient(kernels::MaxPool2dGradientFn<T> function,
                            const std::vector<std::int32_t>& numbers, const std::vector<double>& dy,
                            const Pool2dShape& s) {
  auto dx = unwritten<T>(s.in_size() + kGuard);
  function(numbers.data(), converted<T>(dy).data(), dx.data(), s);
  return dx;
}
template <class T>
std::vector<T> average_gradient(kernels::AveragePool2dGradientFn<T> function,
                                const std::vector<double>& dy, const Pool2dShape& s) {
  auto dx = unwritten<T>(s.in_size() + kGuard);
  function(converted<T>(dy).data(), dx.data(), s);
  return dx;
}

void check_all_rungs(const Pool2dShape& s, std::uint64_t seed) {
  namespace cpu = kernels::cpu;
  const auto dy = converted<double>(normal_values<float>(s.out_size(), seed));
  for (const bool odd_values : {false, true}) {
    const auto x = cells(s.in_size(), seed + 1, odd_values);
    const auto y = largest<double>(cpu::max_pool2d_reference, x, s);
    for_each_rung(kernels::max_pool2d_ladder<float>, s, [&](auto function) {
      CHECK(difference(largest<float>(function, x, s), y, {0, 0}) == "");
    });
    for (const std::int64_t bytes : {std::int64_t{4}, s.bytes_of_winner()}) {
      Pool2dShape told = s;
      told.winner_bytes = bytes;
      const auto won = winners<double>(cpu::max_pool2d_reference, x, told);
      for_each_rung(kernels::max_pool2d_ladder<float>, told, [&](auto function) {
        const auto w = winners<float>(function, x, told);
        CHECK(difference(w.y, y, {0, 0}) == "");
        CHECK(w.numbers == won.numbers);
      });
      const auto dx =
          max_gradient<double>(cpu::max_pool2d_gradient_reference, won.numbers, dy, told);
      for_each_rung(kernels::max_pool2d_gradient_ladder<float>, told, [&](auto function) {
        const auto sums = max_gradient<float>(function, won.numbers, dy, told);
        CHECK(difference(sums, dx, {1e-6, 1e-6}) == "");
      });
    }
    const auto mean = averaged<double>(cpu::average_pool2d_reference, x, s);
    for_each_rung(kernels::average_pool2d_ladder<float>, s, [&](auto function) {
      CHECK(difference(averaged<float>(function, x, s), mean, {1e-6, 1e-6}) == "");
    });
  }
  const auto dx = average_gradient<double>(cpu::average_pool2d_gradient_reference, dy, s);
  for_each_rung(kernels::average_pool2d_gradient_ladder<float>, s, [&](auto function) {
    CHECK(difference(average_gradient<float>(function, dy, s), dx, {1e-6, 1e-6}) == "");
  });
}

}  // namespace

TEST_CASE("pool2d: reference, by hand") {
  namespace cpu = kernels::cpu;
  // 0 7 7 | 1     windows of 2 x 2, "same": the last column's and row's reach over the edge
  // 2 7 N | 5
  // ------+--
  // 4 3 1 | 6
  Pool2dShape s = same(image(1, 3, 4, 1, 2, 2, 2, 2));
  s.winner_bytes = 1;
  const std::vector<double> x = {0, 7, 7, 1, 2, 7, kNaN, 5, 4, 3, 1, 6}, dy = {1, 2, 3, 4};
  std::vector<double> y(4), dx(12);
  std::vector<std::uint8_t> numbers(4);
  cpu::max_pool2d_reference(x.data(), y.data(), numbers.data(), s);
  CHECK(y[0] == 7);
  CHECK(std::isnan(y[1]));
  CHECK(y[2] == 4);
  CHECK(y[3] == 6);
  CHECK(numbers == std::vector<std::uint8_t>{1, 2, 0, 1});
  cpu::max_pool2d_gradient_reference(numbers.data(), dy.data(), dx.data(), s);
  CHECK(dx == std::vector<double>{0, 1, 0, 0, 0, 0, 2, 0, 3, 0, 0, 4});
  cpu::average_pool2d_reference(x.data(), y.data(), s);
  CHECK(y[0] == 4);
  CHECK(std::isnan(y[1]));
  CHECK(y[2] == 3.5);
  CHECK(y[3] == 3.5);
  cpu::average_pool2d_gradient_reference(dy.data(), dx.data(), s);
  CHECK(dx == std::vector<double>{0.25, 0.25, 0.5, 0.5, 0.25, 0.25, 0.5, 0.5, 1.5, 1.5, 2, 2});
}

TEST_CASE("pool2d: channels around the vector") {
  for (const std::int64_t channels : {1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 64}) {
    check_all_rungs(valid(image(2, 6, 8, channels, 2, 2, 2, 2)), 10);
    check_all_rungs(same(image(1, 5, 7, channels, 2, 2, 2, 2)), 11);
    check_all_rungs(same(image(1, 7, 6, channels, 3, 3, 2, 2)), 12);
  }
}

TEST_CASE("pool2d: windows, strides, paddings") {
  for (const std::int64_t height : {1, 2, 3, 5}) {
    for (const std::int64_t width : {1, 2, 3}) {
      for (const std::int64_t stride : {1, 2, 3, 4}) {
        for (const std::int64_t size : {5, 6, 7, 11}) {
          const Pool2dShape s = image(2, size, 12 - size, 5, height, width, stride, 5 - stride);
          check_all_rungs(same(s), 20);
          if (size >= height && 12 - size >= width) check_all_rungs(valid(s), 21);
        }
      }
    }
  }
  check_all_rungs(same(image(3, 2, 1, 18, 7, 5, 2, 2)), 22);       // windows larger than the image
  check_all_rungs(valid(image(2, 9, 7, 20, 9, 7, 1, 1)), 23);      // one window
  check_all_rungs(valid(image(1, 20, 18, 18, 17, 16, 1, 1)), 26);  // numbers past a byte
  check_all_rungs(valid(image(9, 26, 26, 32, 2, 2, 2, 2)), 24);
  Pool2dShape fewer = valid(image(2, 9, 20, 5, 3, 3, 1, 1));  // windows than would find room
  fewer.out_h = 4, fewer.out_w = 5;
  check_all_rungs(fewer, 27);
  fewer.stride_h = fewer.stride_w = 3, fewer.out_h = 2;
  check_all_rungs(fewer, 28);
  check_all_rungs(same(image(0, 6, 6, 4, 2, 2, 2, 2)), 25);
}

TEST_CASE("pool2d: the same bits on any number of threads") {
  const int before = kernels::thread_count();
  for (const Pool2dShape& s :
       {valid(image(8, 26, 26, 32, 2, 2, 2, 2)), same(image(5, 31, 30, 20, 3, 3, 2, 2))}) {
    const auto x = converted<double>(normal_values<float>(s.in_size(), 30)),
               dy = converted<double>(normal_values<float>(s.out_size(), 31));
    const auto same_bits = [&](const auto& ladder, const Pool2dShape& shape, auto compute) {
      for_each_rung(ladder, shape, [&](auto function) {
        std::vector<std::vector<float>> results;
        for (const int threads : {1, 2, 4}) {
          kernels::set_thread_count(threads);
          results.push_back(compute(function));
          results.back().resize(results.back().size() - kGuard);
        }
        CHECK(results[0] == results[1]);
        CHECK(results[0] == results[2]);
      });
    };
    Pool2dShape told = s;
    told.winner_bytes = 1;
    const auto won = winners<double>(kernels::cpu::max_pool2d_reference, x, told).numbers;
    same_bits(kernels::max_pool2d_ladder<float>, s,
              [&](auto f) { return largest<float>(f, x, s); });
    same_bits(kernels::max_pool2d_ladder<float>, told,
              [&](auto f) { return winners<float>(f, x, told).y; });
    same_bits(kernels::average_pool2d_ladder<float>, s,
              [&](auto f) { return averaged<float>(f, x, s); });
    same_bits(kernels::max_pool2d_gradient_ladder<float>, told,
              [&](auto f) { return max_gradient<float>(f, won, dy, told); });
    same_bits(kernels::average_pool2d_gradient_ladder<float>, s,
              [&](auto f) { return average_gradient<float>(f, dy, s); });
  }
  kernels::set_thread_count(before);
}

TEST_CASE("pool2d: cost and text") {
  Pool2dShape s = valid(image(2, 6, 4, 3, 2, 2, 2, 2));
  CHECK(s.text() == "[2, 6, 4, 3] 2x2 -> [2, 3, 2, 3]");
  CHECK(kernels::average_pool2d_cost<float>(s).flops == 36 * 4);
  CHECK(kernels::average_pool2d_cost<float>(s).bytes == 4 * (144 + 36));
  CHECK(kernels::max_pool2d_cost<double>(s).bytes == 8 * (144 + 36));
  s.winner_bytes = 1;
  CHECK(kernels::max_pool2d_cost<double>(s).bytes == 8 * (144 + 36) + 36);
  s = same(image(2, 6, 4, 3, 3, 3, 1, 2));
  CHECK(s.text() == "[2, 6, 4, 3] 3x3 -> [2, 6, 2, 3] stride 1x2 pad 1x0");
}

}  // namespace keratin::tests
