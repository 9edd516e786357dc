#include "data/csv/parse_number.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <charconv>
#include <limits>
#include <string>

namespace keratin::data::detail {
namespace {

std::string_view without_spaces(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

// A number that from_chars takes too; it is about 10^power.
template <class T>
bool parse_exactly(std::string_view text, bool minus, std::int64_t power, T& value) {
  T magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return false;
  if (error == std::errc::result_out_of_range)
    magnitude = power > 0 ? std::numeric_limits<T>::infinity() : T{0};
  value = minus ? -magnitude : magnitude;
  return true;
}

template <class T>
bool parse_slowly(std::string_view text, char decimal, T& value) {
  text = without_spaces(text);
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return false;
  if (!digit(text[0]) && text[0] != decimal) {
    std::string lower(text);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    if (lower != "inf" && lower != "infinity") return false;
    value = std::numeric_limits<T>::infinity();
    if (minus) value = -value;
    return true;
  }
  std::uint64_t w = 0;
  std::int64_t digits = 0, significant = 0, exponent = 0;
  std::size_t mark = std::string_view::npos, i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == decimal && mark == std::string_view::npos) {
      mark = i;
    } else if (digit(c)) {
      ++digits;
      if (significant != 0 || c != '0') ++significant;
      if (significant <= 19) w = w * 10 + static_cast<std::uint64_t>(c - '0');
      if (mark != std::string_view::npos) --exponent;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  std::int64_t power = 0;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return false;
    std::string_view rest = text.substr(i + 1);
    const bool down = rest.starts_with('-');
    if (down || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest.empty()) return false;
    for (const char c : rest) {
      if (!digit(c)) return false;
      if (power < 1000000000) power = power * 10 + (c - '0');
    }
    if (down) power = -power;
  }
  if constexpr (sizeof(T) == sizeof(double)) {
    if (significant <= 19) {
      if (scaled(w, exponent + power, value)) {
        if (minus) value = -value;
        return true;
      }
    }
  }
  if (significant == 0) {
    value = minus ? -T{0} : T{0};
    return true;
  }
  std::string plain(text);
  if (mark != std::string_view::npos) plain[mark] = '.';
  return parse_exactly(plain, minus, significant + exponent + power, value);
}

bool parse_by_words(std::string_view text, char decimal, double& value) {
  const char* p = text.data();
  auto n = static_cast<std::int64_t>(text.size());
  const std::int64_t minus = is_minus(*p) & static_cast<std::int64_t>(n != 0);
  p += minus;
  n -= minus;
  if (n == 0) return false;
  const std::uint64_t sign = static_cast<std::uint64_t>(minus) << 63, bytes = load8(p);
  const std::int64_t whole = digits_before(bytes, decimal);
  std::uint64_t w = 0, wrong = 0;
  const auto append = [&](std::uint64_t digits, std::uint64_t power) {
    wrong |= no_digits(digits);
    w = w * power + value_of_digits(digits);
  };
  static constexpr std::array<std::uint64_t, 9> kTen = {1,      10,      100,      1000,     10000,
                                                        100000, 1000000, 10000000, 100000000};
  std::int64_t exponent = 0;
  if (whole < std::min<std::int64_t>(n, 8) && n > 1) {
    const std::uint64_t seven = without_mark(bytes, whole);
    const std::int64_t count = n - 1;
    exponent = whole - count;
    if (count <= 7) {
      append(pad_digits(seven, count), 1);
    } else {
      append(pad_digits(seven, 7), 1);
      if (count > 15) {
        if (count > 19 + (*p == '0')) return parse_double_slowly(text, decimal, value);
        append(load8(p + 8), kTen[8]);
        append(pad_digits(load8(p + 16), count - 15), kTen[static_cast<std::size_t>(count - 15)]);
      } else {
        append(pad_digits(load8(p + 8), count - 7), kTen[static_cast<std::size_t>(count - 7)]);
      }
    }
  } else if (n <= 8) {
    append(pad_digits(bytes, n), 1);
  } else if (n <= 16) {
    append(pad_digits(bytes, n - 8), 1);
    append(load8(p + n - 8), kTen[8]);
  } else {
    return parse_double_slowly(text, decimal, value);
  }
  if (!all_digits(wrong) || !scaled(w, exponent, value))
    return parse_double_slowly(text, decimal, value);
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | sign);
  return true;
}

#ifdef __x86_64__
// 9 to 20 bytes and a sign, a mark among the first seven, at most 19 digits but for a zero in front,
// in vectors; others by words. For processors with AVX2, which have the rest too.
// Source: pairs, then fours, then eights by multiply-adds as in Mula, "SIMD-ized parsing of
// numbers", 2016.
[[gnu::target("avx2,bmi,bmi2,lzcnt")]] bool parse_by_vectors(std::string_view text, char decimal,
                                                             double& value) {
  const char* p = text.data();
  const std::int64_t minus = is_minus(*p);
  p += minus;
  const std::int64_t n = static_cast<std::int64_t>(text.size()) - minus;
  const std::uint64_t bytes = load8(p);
  const std::int64_t whole = digits_before(bytes, decimal);
  if (n < 9 || n > 20 + (*p == '0') || whole > 6) return parse_by_words(text, decimal, value);
  const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128i zeros = _mm_set1_epi8('0');
  __m128i digits;          // the last 16
  std::uint64_t head = 0;  // those before
  std::uint64_t wrong = 0;
  if (n >= 17) {
    // The last 16 bytes, and a byte earlier what stands before the mark.
    const __m128i behind = _mm_cmpgt_epi8(places, _mm_set1_epi8(static_cast<char>(whole + 16 - n)));
    const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + n - 16));
    const __m128i earlier = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + n - 17));
    digits = _mm_sub_epi8(_mm_blendv_epi8(earlier, last, behind), zeros);
    const std::uint64_t first = pad_digits(without_mark(bytes, whole), n - 17);
    wrong = no_digits(first);
    head = value_of_digits(first);
  } else {
    // Moved to the right, and what stands before the mark a byte further; places below 0 become 0.
    __m128i from = _mm_add_epi8(places, _mm_set1_epi8(static_cast<char>(n - 17)));
    from = _mm_sub_epi8(from, _mm_cmpgt_epi8(from, _mm_set1_epi8(static_cast<char>(whole - 1))));
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    digits = _mm_shuffle_epi8(_mm_sub_epi8(all, zeros), from);
  }
  const __m128i nine = _mm_set1_epi8(9);
  const bool small = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digits, nine), nine)) == 0xffff;
  if (!small || !all_digits(wrong)) return parse_double_slowly(text, decimal, value);
  const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(10 + (1 << 8)));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(100 + (1 << 16)));
  const __m128i packed = _mm_packus_epi32(fours, fours);
  const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(10000 + (1 << 16)));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  const std::uint64_t w = head * 10000000000000000 + (both & 0xffffffff) * 100000000 + (both >> 32);
  if (w == 0 || !scaled_down(w, static_cast<std::size_t>(n - 1 - whole), value))
    return parse_double_slowly(text, decimal, value);
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) |
                                static_cast<std::uint64_t>(minus) << 63);
  return true;
}

// The same with the mark anywhere but at the end: one permutation of 32 bytes leaves it out and
// moves the digits to the right, so none stand before the vectors. For processors with AVX-512 VBMI.
[[gnu::target("avx512vbmi,avx512bw,avx512vl,bmi,bmi2,lzcnt")]] bool parse_by_permutation(
    std::string_view text, char decimal, double& value) {
  const char* p = text.data();
  const std::int64_t minus = is_minus(*p);
  p += minus;
  const std::int64_t n = static_cast<std::int64_t>(text.size()) - minus;
  if (n < 9 || n > 20 + (*p == '0')) return parse_by_words(text, decimal, value);
  const __m256i bytes = _mm256_maskz_loadu_epi8(_bzhi_u32(~0U, static_cast<std::uint32_t>(n)), p);
  const __mmask32 mark = _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8(decimal));
  const auto whole = static_cast<std::int64_t>(_tzcnt_u32(mark));
  if (whole + 1 >= n) return parse_by_words(text, decimal, value);
  // Where the digit of each place comes from; below 0: from nowhere, 0.
  const __m256i places =
      _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                       22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  const __m256i from = _mm256_add_epi8(places, _mm256_set1_epi8(static_cast<char>(n - 33)));
  const __mmask32 behind =
      _mm256_cmpgt_epi8_mask(from, _mm256_set1_epi8(static_cast<char>(whole - 1)));
  const __m256i moved = _mm256_mask_sub_epi8(from, behind, from, _mm256_set1_epi8(-1));
  const __m256i digits = _mm256_maskz_permutexvar_epi8(
      ~_mm256_movepi8_mask(from), moved, _mm256_sub_epi8(bytes, _mm256_set1_epi8('0')));
  if (_mm256_cmpgt_epu8_mask(digits, _mm256_set1_epi8(9)) != 0)
    return parse_double_slowly(text, decimal, value);
  const __m256i pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(10 + (1 << 8)));
  const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 + (1 << 16)));
  const __m256i packed = _mm256_packus_epi32(fours, fours);
  const __m256i eights = _mm256_madd_epi16(packed, _mm256_set1_epi32(10000 + (1 << 16)));
  const auto first = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_castsi256_si128(eights)));
  const auto last =
      static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm256_extracti128_si256(eights, 1)));
  const std::uint64_t w =
      (first >> 32) * 10000000000000000 + (last & 0xffffffff) * 100000000 + (last >> 32);
  if (w == 0 || !scaled_down(w, static_cast<std::size_t>(n - 1 - whole), value))
    return parse_double_slowly(text, decimal, value);
  value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) |
                                static_cast<std::uint64_t>(minus) << 63);
  return true;
}

const bool kHasVectors = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
const bool kHasPermutations = kHasVectors && __builtin_cpu_supports("avx512vbmi") &&
                              __builtin_cpu_supports("avx512bw") &&
                              __builtin_cpu_supports("avx512vl");
#endif

}  // namespace

bool parse_int_slowly(std::string_view text, std::int64_t& value) {
  text = without_spaces(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<LongDoubleParser> long_double_parsers() {
  std::vector<LongDoubleParser> all{{"words", parse_by_words}};
#ifdef __x86_64__
  if (kHasVectors) all.push_back({"vectors", parse_by_vectors});
  if (kHasPermutations) all.push_back({"permutation", parse_by_permutation});
#endif
  return all;
}

bool parse_long_double(std::string_view text, char decimal, double& value) {
#ifdef __x86_64__
  if (text.empty()) return false;
  if (kHasPermutations) return parse_by_permutation(text, decimal, value);
  if (kHasVectors) return parse_by_vectors(text, decimal, value);
#endif
  return parse_by_words(text, decimal, value);
}

bool parse_double_slowly(std::string_view text, char decimal, double& value) {
  return parse_slowly(text, decimal, value);
}
bool parse_float_slowly(std::string_view text, char decimal, float& value) {
  return parse_slowly(text, decimal, value);
}

}  // namespace keratin::data::detail
