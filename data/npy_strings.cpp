#include "data/npy_strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "data/utf8.h"
#include "kernels/error.h"

namespace keratin::data::detail {
namespace {

void append_utf8(std::string& text, std::uint32_t c) {
  const auto last = [&](int shift) { text += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | (c >> 6));
    last(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | (c >> 12));
    last(6), last(0);
  } else {
    text += static_cast<char>(0xf0 | (c >> 18));
    last(12), last(6), last(0);
  }
}

// The characters of well-formed UTF-8.
std::vector<std::uint32_t> characters_of(const std::string& text) {
  std::vector<std::uint32_t> characters;
  for (const char byte : text) {
    const auto b = static_cast<unsigned char>(byte);
    if (b < 0x80) {
      characters.push_back(b);
    } else if (b < 0xc0) {
      characters.back() = (characters.back() << 6) | (b & 0x3f);
    } else {
      characters.push_back(b & (b < 0xe0 ? 0x1f : b < 0xf0 ? 0x0f : 0x07));
    }
  }
  return characters;
}

}  // namespace

void from_npy_bytes(std::span<const std::byte> bytes, std::string& text) {
  text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  text.resize(text.find_last_not_of('\0') + 1);  // npos + 1 is 0
}

bool from_npy_ucs4(std::span<const std::byte> bytes, bool swap, std::string& text) {
  std::vector<std::uint32_t> characters(bytes.size() / 4);
  if (!bytes.empty()) std::memcpy(characters.data(), bytes.data(), bytes.size());
  if (swap)
    for (std::uint32_t& c : characters) c = __builtin_bswap32(c);
  while (!characters.empty() && characters.back() == 0) characters.pop_back();
  text.clear();
  for (const std::uint32_t c : characters) {
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
    append_utf8(text, c);
  }
  return true;
}

std::pair<std::int64_t, std::string> to_npy_ucs4(const std::string& what, const Tensor& strings) {
  std::vector<std::vector<std::uint32_t>> texts;
  std::size_t longest = 1;
  for (const std::string& text : strings.strings()) {
    if (well_formed_utf8(text) != text.size() || text.ends_with('\0')) {
      throw ValueError(fmt::format("{}: string {} {}; NumPy keeps UTF-8 that ends in no NUL", what,
                                   texts.size(),
                                   text.ends_with('\0') ? "ends in a NUL" : "is no UTF-8"));
    }
    longest = std::max(longest, texts.emplace_back(characters_of(text)).size());
  }
  std::string bytes(texts.size() * longest * 4, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!texts[i].empty())
      std::memcpy(bytes.data() + i * longest * 4, texts[i].data(), texts[i].size() * 4);
  return {static_cast<std::int64_t>(longest), std::move(bytes)};
}

}  // namespace keratin::data::detail
