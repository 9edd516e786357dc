#include "data/csv/parse_number.h"

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

bool parse_double_slowly(std::string_view text, char decimal, double& value) {
  return parse_slowly(text, decimal, value);
}
bool parse_float_slowly(std::string_view text, char decimal, float& value) {
  return parse_slowly(text, decimal, value);
}

}  // namespace keratin::data::detail
