#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace keratin::saving {

/// Keys keep their order.
using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::int64_t max_bytes = std::int64_t{1} << 26;
  std::int64_t max_depth = 256;
  std::int64_t max_values = std::int64_t{1} << 22;
};

/// Reads JSON text that may come from anywhere. Takes NaN, Infinity and -Infinity, as Python writes
/// them. Throws FileError, "what: line 3, column 14: text", for what is no JSON, ill-formed UTF-8
/// and lone surrogates, duplicate keys, integers beyond 64 bits and numbers beyond a double, text
/// after the value, and whatever exceeds the limits.
/// Source: RFC 8259.
Json parse_json(const std::string& what, std::string_view text, JsonLimits limits = {});

/// JSON text as Python's json.dumps writes it: ASCII with \uXXXX, ", " and ": " between, floats in
/// the fewest digits that give them back, bare NaN and Infinity. indent: spaces a level, on lines
/// of their own; -1: one line. Throws ValueError for strings that are not UTF-8.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace keratin::saving
