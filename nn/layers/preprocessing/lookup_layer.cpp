#include "nn/layers/preprocessing/lookup_layer.h"

#include <charconv>

#include "data/utf8.h"

namespace keratin::layers::detail {

std::optional<std::array<std::uint64_t, 2>> salt_of(const char* layer,
                                                    const std::vector<std::int64_t>& salt) {
  if (salt.empty()) return std::nullopt;
  if (salt.size() > 2) {
    throw ValueError(
        fmt::format("{}: salt has {} numbers; expected one or two", layer, salt.size()));
  }
  return std::array{static_cast<std::uint64_t>(salt.front()),
                    static_cast<std::uint64_t>(salt.back())};
}

void require_utf8(const char* layer, const std::string& encoding) {
  if (encoding == "utf-8" || encoding == "UTF-8" || encoding == "utf8") return;
  throw ValueError(fmt::format("{}: encoding is \"{}\"; strings are UTF-8 here", layer, encoding));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    lines.push_back(text.substr(first, end - first));
    first = end + 1;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

namespace {

// Does str.splitlines() of Python see several lines?
bool ends_a_line_in_python(std::string_view token) {
  if (token.find_first_of("\r\v\f\x1c\x1d\x1e") != std::string_view::npos) return true;
  for (const std::string_view mark : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    if (token.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string text_of(const std::string& layer, const std::vector<std::string>& tokens) {
  std::string text;
  bool warned = false;
  for (const std::string& token : tokens) {
    if (token.find('\n') != std::string::npos || (&token == &tokens.back() && token.empty())) {
      throw ValueError(fmt::format(
          "{}: the vocabulary holds {}, which the lines of its file cannot; give the vocabulary to "
          "the layer when it is made, and it is kept in the configuration",
          layer, token.empty() ? "an empty token at its end" : "a token with a line break"));
    }
    if (!warned && ends_a_line_in_python(token)) {
      keratin::detail::warn(
          "keratin: {}: token {} of the vocabulary holds a character that Python Keras takes for "
          "the end of a line; Keras will read the file wrongly, keratin will not\n",
          layer, &token - tokens.data());
      warned = true;
    }
    if (&token != tokens.data()) text += '\n';
    text += token;
  }
  return text;
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
