#include "kernels/division.h"

#include <random>

#include "tests/support.h"

namespace keratin::tests {
namespace {

using kernels::cuda::Divisor;
using kernels::cuda::fits_in_32_bits;

constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 1;

void check_division(std::int64_t dividend, std::int64_t divisor) {
  const auto n = static_cast<std::int32_t>(dividend), d = static_cast<std::int32_t>(divisor);
  const auto [quotient, remainder] = Divisor<std::int32_t>(divisor)(n);
  CAPTURE(dividend);
  CAPTURE(divisor);
  CHECK(quotient == n / d);
  CHECK(remainder == n % d);
}

}  // namespace

TEST_CASE("division: by multiplication, all small numbers") {
  for (std::int64_t d = 1; d <= 70; ++d)
    for (std::int64_t n = 0; n <= 300; ++n) check_division(n, d);
}

TEST_CASE("division: by multiplication, around multiples, powers of two and the largest numbers") {
  std::mt19937_64 random(5);
  std::vector<std::int64_t> divisors = {1, 2, 3, 7, 641, 65535, 65537, kMost, kMost - 1};
  for (int bit = 1; bit < 31; ++bit) {
    const std::int64_t power = std::int64_t{1} << bit;
    divisors.insert(divisors.end(), {power - 1, power, power + 1});
  }
  for (int i = 0; i < 100; ++i)
    divisors.push_back(1 + static_cast<std::int64_t>(random() % kMost) / (1 + i));
  for (const std::int64_t d : divisors) {
    if (d < 1 || d > kMost) continue;
    const std::int64_t last = kMost / d * d;
    for (const std::int64_t n : {std::int64_t{0}, d - 1, d, 2 * d - 1, last - 1, last, kMost,
                                 static_cast<std::int64_t>(random() % kMost)})
      if (n >= 0 && n <= kMost) check_division(n, d);
  }
}

TEST_CASE("division: 64 bits, and what 32 hold") {
  const auto [quotient, remainder] = Divisor<std::int64_t>(7)(std::int64_t{1} << 40);
  CHECK(quotient == (std::int64_t{1} << 40) / 7);
  CHECK(remainder == (std::int64_t{1} << 40) % 7);
  CHECK(fits_in_32_bits(kMost - 70000));
  CHECK(!fits_in_32_bits(kMost - 60000));
  CHECK(!fits_in_32_bits(kMost + 1));
}

}  // namespace keratin::tests
