#include "data/utf8.h"

#include <cstring>

namespace keratin::data {
namespace {

struct Part {
  std::size_t bytes = 1;
  bool whole = false;  // a character, and not only the beginning of one
};

// What text, which is not empty, begins with.
Part first_part(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  const std::size_t size = lead < 0xc2   ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  if (size == 0) return {};
  // No overlong forms, no surrogates, nothing above U+10FFFF.
  const unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size() || byte(i) < (i == 1 ? least : 0x80) || byte(i) > (i == 1 ? most : 0xbf))
      return {i, false};
  }
  return {size, true};
}

}  // namespace

std::size_t well_formed_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t thirty_two[4];
    if (text.size() - at >= sizeof(thirty_two)) {
      std::memcpy(thirty_two, text.data() + at, sizeof(thirty_two));
      const std::uint64_t any = (thirty_two[0] | thirty_two[1]) | (thirty_two[2] | thirty_two[3]);
      if ((any & 0x8080808080808080ULL) == 0) {
        at += sizeof(thirty_two);
        continue;
      }
    }
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof(eight)) {
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & 0x8080808080808080ULL) == 0) {
        at += sizeof(eight);
        continue;
      }
    }
    const Part part = first_part(text.substr(at));
    if (!part.whole) break;
    at += part.bytes;
  }
  return at;
}

std::string replace_ill_formed_utf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t good = well_formed_utf8(text);
    result += text.substr(0, good);
    text.remove_prefix(good);
    if (text.empty()) break;
    result += "\xef\xbf\xbd";
    text.remove_prefix(first_part(text).bytes);
  }
  return result;
}

std::string_view utf8_prefix(std::string_view text, std::int64_t bytes) {
  if (static_cast<std::uint64_t>(bytes) >= text.size()) return text;
  auto end = static_cast<std::size_t>(bytes);
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace keratin::data
