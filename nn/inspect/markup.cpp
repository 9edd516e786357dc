#include "nn/inspect/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "kernels/error.h"
#include "nn/inspect/cells.h"

namespace keratin::detail {

std::string escaped(std::string_view text) {
  std::string out;
  for (const Glyph& glyph : glyphs(text)) {
    for (const char c : glyph.bytes) {
      if (c == '&') {
        out += "&amp;";
      } else if (c == '<') {
        out += "&lt;";
      } else if (c == '>') {
        out += "&gt;";
      } else if (c == '"') {
        out += "&quot;";
      } else {
        out += c;
      }
    }
  }
  return out;
}

bool ends_in(std::string_view path, std::string_view suffix) {
  if (path.size() < suffix.size()) return false;
  return std::equal(suffix.rbegin(), suffix.rend(), path.rbegin(), [](char a, char b) {
    return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
  });
}

void write_text(std::string_view function, std::string_view parameter, const std::string& path,
                const std::string& text) {
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "wb"));
  const bool written = file != nullptr &&
                       std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
                       std::fflush(file.get()) == 0;
  if (written) return;
  throw FileError(fmt::format(
      "{}: can't write the file: {} is \"{}\": {}; expected a place where a file can be made. "
      "Make the folder first?",
      function, parameter, path, std::generic_category().message(errno)));
}

void write_drawing(std::string_view function, const std::string& path, const std::string& text) {
  write_text(function, "to_file", path, text);
}

}  // namespace keratin::detail
