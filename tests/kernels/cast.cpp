#include "kernels/cast/cast.h"

#include <algorithm>
#include <array>
#include <memory>

#include "tests/kernels/rungs.h"

namespace keratin::tests {
namespace {

template <class T>
using Limits = std::numeric_limits<T>;

// The contract in long double, which holds every value of every type.
template <class To, class From>
To expected(From x) {
  const auto v = static_cast<long double>(x);
  if constexpr (std::is_same_v<To, bool>) {
    return v != 0;
  } else if constexpr (std::is_integral_v<To>) {
    if (std::isnan(v)) return 0;
    if (v <= static_cast<long double>(Limits<To>::min())) return Limits<To>::min();
    if (v >= static_cast<long double>(Limits<To>::max())) return Limits<To>::max();
    return static_cast<To>(std::trunc(v));
  } else {
    return static_cast<To>(v);
  }
}

template <class T>
std::vector<T> values(std::int64_t count) {
  std::vector<T> x;
  if constexpr (std::is_floating_point_v<T>) {
    x = {0,
         T(-0.0),
         T(0.9),
         T(-0.9),
         T(1.5),
         T(254.99),
         255,
         T(255.5),
         256,
         -1,
         T(2147483647),
         T(2147483648),
         T(-2147483648.0),
         T(-2147483904.0),
         T(9.2233715e18),
         T(9.223372036854775807e18),
         T(-9.223372036854775808e18),
         T(-1e19),
         T(1e30),
         T(kInf),
         T(-kInf),
         T(kNaN),
         Limits<T>::denorm_min(),
         Limits<T>::max(),
         Limits<T>::lowest()};
    if constexpr (std::is_same_v<T, double>) {
      x.insert(x.end(), {1e300, -1e300, 16777217, 2147483647.5, -2147483648.5, 4294967296.5});
    }
  } else if constexpr (std::is_same_v<T, bool>) {
    x = {false, true};
  } else {
    x = {0, 1, 127, 128, 254, 255, Limits<T>::min(), Limits<T>::max(), T(Limits<T>::max() - 1)};
    if constexpr (sizeof(T) > 1) x.insert(x.end(), {-1, -128, 256, 16777217, -16777217});
    if constexpr (sizeof(T) > 4)
      x.insert(x.end(), {2147483648, -2147483649, 4294967297, 9007199254740993});
  }
  std::mt19937_64 random(7);
  std::vector<T> mixed(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < mixed.size(); ++i)
    mixed[i] = x[i < x.size() ? i : random() % x.size()];
  return mixed;
}

// std::vector<bool> has no data().
template <class T>
struct Array {
  explicit Array(std::int64_t count)
      : size(count), data(new T[static_cast<std::size_t>(count + 1)]) {}
  std::int64_t size;
  std::unique_ptr<T[]> data;
};

template <class From, class To>
void check_cast(std::int64_t count) {
  const auto from = values<From>(count);
  Array<From> x(count);
  std::copy(from.begin(), from.end(), x.data.get());
  const kernels::CastShape s{count};
  for_each_rung(kernels::cast_ladder<From, To>, s, [&](auto* function) {
    Array<To> y(count);
    std::fill_n(y.data.get(), count + 1, To(55));
    function(x.data.get(), y.data.get(), s);
    CHECK(y.data[static_cast<std::size_t>(count)] == To(55));
    std::int64_t wrong = -1;
    for (std::int64_t i = count; i-- > 0;) {
      const auto at = static_cast<std::size_t>(i);
      const To want = expected<To>(x.data[at]);
      if (!(y.data[at] == want || (y.data[at] != y.data[at] && want != want))) wrong = i;
    }
    CAPTURE(count);
    CHECK(wrong == -1);
  });
}

template <class From, class... To>
void check_casts_from() {
  for (const std::int64_t count : {0, 1, 31, 40, 1009, 150001}) (check_cast<From, To>(count), ...);
}

template <class... T>
void check_all_pairs() {
  (check_casts_from<T, T...>(), ...);
}

}  // namespace

TEST_CASE("cast: every pair of types, every rung: cut to the range, NaN to 0") {
  check_all_pairs<float, double, std::uint8_t, std::int32_t, std::int64_t, bool>();
}

TEST_CASE("cast: bfloat16 is the upper half of a float, rounded to even; a NaN stays one") {
  using kernels::BFloat16;
  std::vector<BFloat16> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<BFloat16>(i);
  for_each_rung(kernels::cast_ladder<BFloat16, float>, {65536}, [&](auto* function) {
    std::vector<float> y(halves.size());
    function(halves.data(), y.data(), {65536});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
      wrong += std::bit_cast<std::uint32_t>(y[i]) != i << 16;
    CHECK(wrong == 0);
  });
  // Between two neighbours: below the middle, at it, above it.
  std::vector<float> x;
  std::vector<BFloat16> expected;
  for (std::uint32_t half = 0; half < 0x7f80; half += 3) {
    for (const std::uint32_t rest : {0U, 1U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      const bool up = rest > 0x8000 || (rest == 0x8000 && half % 2 == 1);
      for (const std::uint32_t sign : {0U, 0x8000U}) {
        x.push_back(std::bit_cast<float>((half | sign) << 16 | rest));
        expected.push_back(static_cast<BFloat16>((half + up) | sign));
      }
    }
  }
  x.push_back(std::bit_cast<float>(0x7f800001U));  // a NaN whose upper half alone would be infinity
  expected.push_back(static_cast<BFloat16>(0x7fc0));
  const kernels::CastShape s{static_cast<std::int64_t>(x.size())};
  for_each_rung(kernels::cast_ladder<float, BFloat16>, s, [&](auto* function) {
    std::vector<BFloat16> y(x.size());
    function(x.data(), y.data(), s);
    CHECK(same_bits(y, expected));
  });
}

TEST_CASE("cast: the same bits on any number of threads") {
  const auto x = values<float>(300007);
  check_same_bits_on_all_threads([&] {
    std::vector<std::int32_t> y(x.size());
    kernels::cpu::cast_threads(x.data(), y.data(), {static_cast<std::int64_t>(y.size())});
    return y;
  });
}

TEST_CASE("cast: cost and text") {
  CHECK(kernels::cast_cost<std::uint8_t, float>({100}).bytes == 500);
  CHECK(kernels::cast_cost<std::uint8_t, float>({100}).flops == 0);
  CHECK(kernels::CastShape{100}.text() == "[100]");
  const std::string op = kernels::cast_ladder<std::uint8_t, float>.op;
  CHECK(op == "cast_uint8_to_float32");
}

}  // namespace keratin::tests
