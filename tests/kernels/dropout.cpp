#include "kernels/dropout/dropout.h"

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

using kernels::DropoutShape;

constexpr kernels::PhiloxKey kKey{.seed = 77, .stream = 5};

template <class T>
std::vector<T> dropped(kernels::DropoutFn<T> function, const std::vector<T>& x,
                       const DropoutShape& s) {
  auto y = unwritten<T>(s.size + 1);
  y.back() = -77;
  function(x.data(), y.data(), s);
  CHECK(y.back() == -77);
  y.resize(y.size() - 1);
  auto in_place = x;
  function(in_place.data(), in_place.data(), s);
  CHECK(same_bits(in_place, y));
  return y;
}

template <class T>
void check_rungs(const std::vector<T>& x, const DropoutShape& s) {
  std::vector<T> expected;
  const T scale = static_cast<T>(s.rate < 1 ? 1 / (1 - s.rate) : 0);
  for (std::uint64_t i = 0; i < x.size(); ++i) {
    const double u = kernels::unit_float(kernels::philox(s.key, i / 4)[i % 4]);
    expected.push_back(u >= s.rate ? x[i] * scale : 0);
  }
  for_each_rung(kernels::dropout_ladder<T>, s,
                [&](auto* function) { CHECK(same_bits(dropped<T>(function, x, s), expected)); });
}

}  // namespace

TEST_CASE("dropout: every rung: kept elements are scaled, element i by word i of the stream") {
  for (const double rate : {0.0, 1e-9, 0.1, 0.25, 0.5, 1.0 / 3, 0.9, 1 - 1e-9, 1.0}) {
    for (const std::int64_t size : kSizes) {
      if (size > 70'000 && rate != 0.1) continue;
      check_rungs(normal_values<float>(size, 3), {size, rate, kKey});
      check_rungs(normal_values<double>(size, 3), {size, rate, kKey});
    }
  }
}

TEST_CASE("dropout: what is dropped is 0, NaN and infinity too; what stays stays") {
  std::vector<float> x(4000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 3 == 0 ? kNaN : (i % 3 == 1 ? kInf : -kInf);
  const DropoutShape s{4000, 0.5, kKey};
  for_each_rung(kernels::dropout_ladder<float>, s, [&](auto* function) {
    const auto y = dropped<float>(function, x, s);
    int zeros = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (y[i] == 0) {
        ++zeros;
      } else {
        CHECK(std::isnan(y[i]) == std::isnan(x[i]));
      }
    }
    CHECK(zeros > 1850);
    CHECK(zeros < 2150);
    CHECK(dropped<float>(function, x, {4000, 1.0, kKey}) == std::vector<float>(4000, 0.0f));
  });
}

TEST_CASE("dropout: the gradient goes where the input went; other keys, other masks") {
  const std::int64_t size = 10'007;
  const auto x = normal_values(size, 1), dy = normal_values(size, 2);
  const DropoutShape s{size, 0.3, kKey};
  for_each_rung(kernels::dropout_ladder<float>, s, [&](auto* function) {
    const auto y = dropped<float>(function, x, s), dx = dropped<float>(function, dy, s);
    const auto other = dropped<float>(function, x, {size, 0.3, {.seed = 77, .stream = 6}});
    std::int64_t kept = 0, same = 0;
    double mean = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK((y[i] == 0) == (dx[i] == 0));
      kept += y[i] != 0;
      same += (y[i] != 0) == (other[i] != 0);
      mean += static_cast<double>(y[i]) / static_cast<double>(x[i]);
    }
    const auto n = static_cast<double>(size);
    CHECK(std::fabs(static_cast<double>(kept) / n - 0.7) < 0.02);
    CHECK(std::fabs(static_cast<double>(same) / n - 0.58) < 0.02);  // 0.7^2 + 0.3^2
    CHECK(std::fabs(mean / n - 1) < 0.03);                          // expectation is kept
  });
}

TEST_CASE("dropout: the same bits on any number of threads") {
  const auto x = normal_values(300'007, 5);
  const DropoutShape s{static_cast<std::int64_t>(x.size()), 0.4, kKey};
  for_each_rung(kernels::dropout_ladder<float>, s, [&](auto* function) {
    check_same_bits_on_all_threads([&] { return dropped<float>(function, x, s); });
  });
}

TEST_CASE("dropout: cost and text") {
  CHECK(DropoutShape{100, 0.25, kKey}.text() == "[100] rate 0.25");
  CHECK(kernels::dropout_cost<float>({100, 0.25, kKey}).bytes == 800);
}

}  // namespace keratin::tests
