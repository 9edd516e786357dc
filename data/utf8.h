#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keratin::data {

/// How many bytes from the front are well-formed UTF-8: text.size() where all are.
/// Source: The Unicode Standard, table 3-7.
std::size_t well_formed_utf8(std::string_view text);

/// The text with U+FFFD for each ill-formed part: the longest beginning of a character that has no
/// end, or else one byte.
std::string replace_ill_formed_utf8(std::string_view text);

/// The first `bytes` bytes at most, ending between characters of well-formed text.
std::string_view utf8_prefix(std::string_view text, std::int64_t bytes);

}  // namespace keratin::data
