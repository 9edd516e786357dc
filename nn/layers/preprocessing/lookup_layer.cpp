#include "nn/layers/preprocessing/lookup_layer.h"

#include <charconv>

#include "data/utf8.h"

namespace keratin::layers::detail {

void require_utf8(const char* layer, const std::string& encoding) {
  if (encoding == "utf-8" || encoding == "UTF-8" || encoding == "utf8") return;
  throw ValueError(fmt::format("{}: encoding is \"{}\"; strings are UTF-8 here", layer, encoding));
}

std::vector<std::string> lines_of(const std::string& text, std::optional<std::int64_t> size) {
  std::vector<std::string> lines;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    lines.push_back(text.substr(first, end - first));
    first = end + 1;
  }
  if (std::ssize(lines) == size) return lines;
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::int64_t lost_on_keras(const std::vector<std::string>& tokens) {
  const auto ends_a_line = [](std::string_view token) {
    if (token.find_first_of("\r\v\f\x1c\x1d\x1e") != std::string_view::npos) return true;
    for (const std::string_view mark : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
      if (token.find(mark) != std::string_view::npos) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool empty_at_end = i + 1 == tokens.size() && tokens[i].empty();
    if (empty_at_end || ends_a_line(tokens[i])) return static_cast<std::int64_t>(i);
  }
  return -1;
}

std::string text_of(const std::string& layer, const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) {
    if (token.find('\n') == std::string::npos) continue;
    throw ValueError(fmt::format(
        "{}: the vocabulary holds {}, a token with a line break, which the lines of its file "
        "cannot; give the vocabulary to the layer when it is made, and it is kept in the "
        "configuration",
        layer, shown(token)));
  }
  return fmt::format("{}", fmt::join(tokens, "\n"));
}

std::string text_of(const std::string&, const std::vector<std::int64_t>& tokens) {
  return fmt::format("{}", fmt::join(tokens, "\n"));
}

void tokens_of(const std::string& layer, const std::vector<std::string>& lines,
               std::vector<std::string>& tokens) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t good = data::well_formed_utf8(lines[i]);
    if (good == lines[i].size()) continue;
    throw ValueError(
        fmt::format("{}: vocabulary.txt: line {} is not UTF-8 at byte {}", layer, i + 1, good));
  }
  tokens = lines;
}

void tokens_of(const std::string& layer, const std::vector<std::string>& lines,
               std::vector<std::int64_t>& tokens) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const char* const end = lines[i].data() + lines[i].size();
    std::int64_t token = 0;
    const auto [stopped, error] = std::from_chars(lines[i].data(), end, token);
    if (error != std::errc() || stopped != end) {
      throw ValueError(fmt::format("{}: vocabulary.txt: line {} is {}; expected an integer", layer,
                                   i + 1, shown(lines[i])));
    }
    tokens.push_back(token);
  }
}

}  // namespace keratin::layers::detail
