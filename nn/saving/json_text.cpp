#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "kernels/error.h"
#include "nn/saving/json.h"

namespace keratin::saving {
namespace {

// The fewest digits that give the double back, in the form of Python's repr: a point or an
// exponent, and that of two digits, from 1e16 on and below 1e-4.
std::string float_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer, end.ptr);
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void write(const Json& value, std::int64_t depth) {
    switch (value.type()) {
      case Json::value_t::object: {
        open('{', '}', value.empty());
        bool first = true;
        for (const auto& [key, element] : value.items()) {
          separate(first, depth + 1);
          write_string(key);
          text += ": ";
          write(element, depth + 1);
        }
        close('}', value.empty(), depth);
        break;
      }
      case Json::value_t::array: {
        open('[', ']', value.empty());
        bool first = true;
        for (const Json& element : value) {
          separate(first, depth + 1);
          write(element, depth + 1);
        }
        close(']', value.empty(), depth);
        break;
      }
      case Json::value_t::string:
        write_string(value.get_ref<const std::string&>());
        break;
      case Json::value_t::number_float:
        text += float_text(value.get<double>());
        break;
      case Json::value_t::binary:
      case Json::value_t::discarded:
        throw ValueError("JSON: a value that JSON has not: bytes, or nothing");
      default:
        text += value.dump();
    }
  }

  std::string text;

 private:
  void open(char opening, char closing, bool empty) {
    text += opening;
    if (empty) text += closing;
  }
  void close(char closing, bool empty, std::int64_t depth) {
    if (empty) return;
    line(depth);
    text += closing;
  }
  void separate(bool& first, std::int64_t depth) {
    if (!first) text += indent_ < 0 ? ", " : ",";
    first = false;
    line(depth);
  }
  void line(std::int64_t depth) {
    if (indent_ < 0) return;
    text += '\n';
    text.append(static_cast<std::size_t>(depth * indent_), ' ');
  }
  void write_string(const std::string& value) {
    try {
      text += Json(value).dump(-1, ' ', true);
    } catch (const Json::exception& error) {
      throw ValueError(fmt::format("JSON: a string is not UTF-8: {}", error.what()));
    }
  }

  int indent_;
};

}  // namespace

std::string dump_json(const Json& value, int indent) {
  Writer writer(indent);
  writer.write(value, 0);
  return std::move(writer.text);
}

}  // namespace keratin::saving
