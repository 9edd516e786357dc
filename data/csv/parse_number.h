// Numbers of texts, correctly rounded. Eight digits at a time, lengths without loops: most of the
// time of a table goes by here.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace keratin::data::detail {

/// Eight bytes, the first one lowest.
inline std::uint64_t load8(const char* p) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, p, sizeof(bytes));
  return bytes;
}

/// The first n <= 8 of eight bytes as if zeros stood before them. Without a branch, as all here:
/// lengths and signs of numbers differ from row to row.
inline std::uint64_t pad_digits(std::uint64_t bytes, std::int64_t n) {
  constexpr std::uint64_t kZeros = 0x3030303030303030;
  const int half = static_cast<int>(4 * n);  // in two, as 64 bits cannot be shifted by 64
  return ((bytes << (32 - half)) << (32 - half)) | ((kZeros >> half) >> half);
}

/// Has the highest bit of a byte set unless all eight are digits.
inline std::uint64_t no_digits(std::uint64_t bytes) {
  return (bytes + 0x4646464646464646) | (bytes - 0x3030303030303030);
}
inline bool all_digits(std::uint64_t wrong) { return (wrong & 0x8080808080808080) == 0; }

/// Pairs, then fours, then all eight.
/// Source: Lemire, "Quickly parsing eight digits", 2018.
inline std::uint64_t value_of_digits(std::uint64_t bytes) {
  bytes -= 0x3030303030303030;
  bytes = bytes * 10 + (bytes >> 8);
  return (((bytes & 0x000000ff000000ff) * 0x000f424000000064 +  // 100 + 1000000 * 2^32
           ((bytes >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >>
          32) &
         0xffffffff;
}

/// 1 for a minus. Computed so that no compiler makes a branch of it: signs come at random.
inline std::int64_t is_minus(char c) {
  return static_cast<std::int64_t>(
      (static_cast<std::uint64_t>(static_cast<unsigned char>(c ^ '-')) - 1) >> 63);
}

/// How many of eight bytes stand before the mark; 8: it is none of them.
inline std::int64_t digits_before(std::uint64_t bytes, char mark) {
  // The lowest byte that equals the mark; borrows reach only higher ones.
  const std::uint64_t equal = bytes ^ (0x0101010101010101 * static_cast<unsigned char>(mark));
  const std::uint64_t zero = (equal - 0x0101010101010101) & ~equal & 0x8080808080808080;
  return std::countr_zero(zero) / 8;
}

/// The seven others, the mark being at `whole` < 8.
inline std::uint64_t without_mark(std::uint64_t bytes, std::int64_t whole) {
  const std::uint64_t before = (std::uint64_t{1} << (8 * whole)) - 1;
  return (bytes & before) | ((bytes >> 8) & ~before);
}

/// 10^-k = mantissa * 2^-(63 + shift), the mantissa rounded down; exponent is that of a double,
/// biased, less the 1 that its mantissa's highest bit adds.
struct PowersOfTenth {
  static constexpr int kMost = 27;  // 5^27 is the last one below 2^63
  std::array<std::uint64_t, kMost + 1> mantissa = {};
  std::array<std::uint64_t, kMost + 1> exponent = {};
};
constexpr PowersOfTenth powers_of_tenth() {
  PowersOfTenth powers;
  std::uint64_t five = 1;
  for (int k = 1; k <= PowersOfTenth::kMost; ++k) {
    five *= 5;
    const auto i = static_cast<std::size_t>(k);
    const int bits = static_cast<int>(std::bit_width(five));
    powers.exponent[i] = static_cast<std::uint64_t>(12 + 1074 - (bits + k));
    powers.mantissa[i] =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(1) << (63 + bits)) / five);
  }
  return powers;
}

/// The double nearest to w * 10^-k, 0 < k <= kMost, w > 0, where that can be told at once: nearly
/// always. False where it cannot.
/// Formula: w * floor(2^s 5^-k), moved so that its highest bit is set, has an error below two units
/// of its upper 64 bits; 53 of those are kept, so the error matters only where the others come
/// within that of a half.
[[gnu::always_inline]] inline bool scaled_down(std::uint64_t w, std::size_t k, double& value) {
  static constexpr PowersOfTenth kPowers = powers_of_tenth();
  const int zeros = std::countl_zero(w);
  const auto product =
      static_cast<unsigned __int128>(w << zeros) * kPowers.mantissa[k];  // >= 2^126
  const auto upper = static_cast<std::uint64_t>(product >> 64),
             lower = static_cast<std::uint64_t>(product);
  const std::uint64_t low = ~upper >> 63;  // 1: below 2^127
  const std::uint64_t high = (upper << low) | (low & (lower >> 63));
  const std::uint64_t rest = high & 0x7ff;                 // half a unit of the mantissa is 0x400
  const std::uint64_t mantissa = ((high >> 10) + 1) >> 1;  // 2^52 to 2^53
  const std::uint64_t exponent = kPowers.exponent[k] - low - static_cast<std::uint64_t>(zeros);
  value = std::bit_cast<double>(mantissa + (exponent << 52));
  return rest - 0x3fe > 2;
}

/// The double nearest to w * 10^exponent, where that can be told at once: in nearly all cases from
/// -27 to 22. False where it cannot.
inline bool scaled(std::uint64_t w, std::int64_t exponent, double& value) {
  static constexpr std::array<double, 23> kTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (w == 0 || exponent == 0) {
    value = static_cast<double>(w);
    return true;
  }
  if (exponent > 0) {
    if (exponent > 22 || w > (std::uint64_t{1} << 53)) return false;
    value = static_cast<double>(w) * kTen[static_cast<std::size_t>(exponent)];  // both exact
    return true;
  }
  return exponent >= -PowersOfTenth::kMost &&
         scaled_down(w, static_cast<std::size_t>(-exponent), value);
}

/// Whole numbers, with a sign or without, spaces around allowed. False for anything else, and for
/// one that int64 does not hold.
bool parse_int_slowly(std::string_view text, std::int64_t& value);

/// The same; eight bytes after the text can be read.
[[gnu::always_inline]] inline bool parse_int(std::string_view text, std::int64_t& value) {
  const char* p = text.data();
  auto n = static_cast<std::int64_t>(text.size());
  const std::int64_t minus = is_minus(*p) & static_cast<std::int64_t>(n != 0);
  p += minus;
  n -= minus;
  std::uint64_t w = 0;
  if (n >= 1 && n <= 8) {
    const std::uint64_t digits = pad_digits(load8(p), n);
    if (!all_digits(no_digits(digits))) return parse_int_slowly(text, value);
    w = value_of_digits(digits);
  } else if (n > 8 && n <= 16) {
    const std::uint64_t first = pad_digits(load8(p), n - 8), last = load8(p + n - 8);
    if (!all_digits(no_digits(first) | no_digits(last))) return parse_int_slowly(text, value);
    w = value_of_digits(first) * 100000000 + value_of_digits(last);
  } else {
    return n != 0 && parse_int_slowly(text, value);
  }
  const auto size = static_cast<std::int64_t>(w), sign = -minus;
  value = (size ^ sign) - sign;
  return true;
}

/// Numbers with a decimal mark and an exponent or without, inf and infinity in any case, spaces
/// around allowed. False for anything else, nan included. Beyond the range: infinity, or 0.
bool parse_double_slowly(std::string_view text, char decimal, double& value);
bool parse_float_slowly(std::string_view text, char decimal, float& value);

/// The same for many digits; eight bytes after the text can be read.
bool parse_long_double(std::string_view text, char decimal, double& value);

/// The ways to do that on this processor, the plainest first, the one that is taken last; texts are
/// not empty.
struct LongDoubleParser {
  const char* name;
  bool (*parse)(std::string_view text, char decimal, double& value);
};
std::vector<LongDoubleParser> long_double_parsers();

/// The same; eight bytes after the text can be read. A sign, a mark among the first eight bytes and
/// at most seven digits are read here, in few instructions.
[[gnu::always_inline]] inline bool parse_double(std::string_view text, char decimal,
                                                double& value) {
  static constexpr std::array<double, 8> kTen = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  const char* p = text.data();
  auto n = static_cast<std::int64_t>(text.size());
  const std::int64_t minus = is_minus(*p) & static_cast<std::int64_t>(n != 0);
  p += minus;
  n -= minus;
  if (n < 2 || n > 8) return parse_long_double(text, decimal, value);
  const std::uint64_t bytes = load8(p);
  const std::int64_t whole = digits_before(bytes, decimal);
  if (whole >= n) return parse_long_double(text, decimal, value);
  const std::uint64_t digits = pad_digits(without_mark(bytes, whole), n - 1);
  if (!all_digits(no_digits(digits))) return parse_long_double(text, decimal, value);
  // Both are exact, so the quotient is rounded once.
  const double size = static_cast<double>(static_cast<std::int64_t>(value_of_digits(digits))) /
                      kTen[static_cast<std::size_t>(n - 1 - whole)];
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) |
                                static_cast<std::uint64_t>(minus) << 63);
  return true;
}

/// Rounded once: through a double only where that lies on no border between two floats.
inline bool parse_float(std::string_view text, char decimal, float& value) {
  double wide = 0;
  if (!parse_double(text, decimal, wide)) return false;
  const auto bits = std::bit_cast<std::uint64_t>(wide);
  const std::uint64_t size = bits & 0x7fffffffffffffff;
  if ((bits & 0x1fffffff) == 0x10000000 || (size != 0 && size < 0x3810000000000000))  // 2^-126
    return parse_float_slowly(text, decimal, value);
  value = static_cast<float>(wide);
  return true;
}

}  // namespace keratin::data::detail
