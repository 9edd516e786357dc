#include "kernels/cast/cast.h"

#include <algorithm>
#include <array>
#include <bit>
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

TEST_CASE("cast: float32 to bfloat16 rounds to nearest, ties to even; every bfloat16 comes back") {
  using kernels::BFloat16;
  std::vector<float> x = values<float>(200);
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {  // each, a tie past it, and around the tie
    for (const std::uint32_t low : {0x0000u, 0x7fffu, 0x8000u, 0x8001u}) {
      x.push_back(std::bit_cast<float>((bits << 16) | low));
    }
  }
  const kernels::CastShape s{static_cast<std::int64_t>(x.size())};
  for_each_rung(kernels::cast_ladder<float, BFloat16>, s, [&](auto* function) {
    std::vector<BFloat16> y(x.size() + 1, BFloat16{0x1234});
    function(x.data(), y.data(), s);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto whole = std::bit_cast<std::uint32_t>(x[i]);
      const std::uint32_t low = whole & 0xffff,
                          up = low > 0x8000 || (low == 0x8000 && whole >> 16 & 1);
      const bool right =
          std::isnan(x[i]) ? std::isnan(to_float(y[i])) : y[i].bits == ((whole >> 16) + up);
      wrong += right ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(y.back().bits == 0x1234);
  });
  std::vector<BFloat16> every(0x10000);
  for (std::size_t i = 0; i < every.size(); ++i) every[i].bits = static_cast<std::uint16_t>(i);
  const kernels::CastShape all{0x10000};
  for_each_rung(kernels::cast_ladder<BFloat16, float>, all, [&](auto* function) {
    std::vector<float> y(every.size());
    function(every.data(), y.data(), all);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (std::bit_cast<std::uint32_t>(y[i]) != static_cast<std::uint32_t>(i) << 16) ++wrong;
    }
    CHECK(wrong == 0);
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
