// Reads drawings in SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keratin::tests {

/// How often `part` is in `text`.
inline int count(std::string_view text, std::string_view part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// "" for well-formed XML: tags that pair, attributes in quotes, entities that XML knows.
inline std::string xml_problem(std::string_view text) {
  std::vector<std::string> open;
  while (!text.empty()) {
    if (text[0] == '&') {
      const std::string_view entity = text.substr(0, text.find(';') + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") {
        return "unknown entity " + std::string(text.substr(0, 10));
      }
      text.remove_prefix(entity.size());
      continue;
    }
    if (text[0] != '<') {
      if (static_cast<unsigned char>(text[0]) < 0x20 && text[0] != '\n') return "control character";
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos) return "a tag does not end";
    std::string_view tag = text.substr(1, end - 1);
    if (tag.find('<') != std::string_view::npos) return "< in a tag: " + std::string(tag);
    if (count(tag, "\"") % 2 != 0) return "open quotes: " + std::string(tag);
    if (count(tag, "=\"") != count(tag, "=")) return "a bare attribute: " + std::string(tag);
    const std::string name(tag.substr(0, tag.find_first_of(" /", 1)));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return "unexpected <" + std::string(tag);
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
    if (tag.find("nan") != std::string_view::npos || tag.find("inf") != std::string_view::npos)
      return std::string(tag);
    text.remove_prefix(end + 1);
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

}  // namespace keratin::tests
