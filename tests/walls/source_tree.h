// The project's own files, for tests that read them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace keratin::tests {

inline std::string text_of(const std::string& path) {
  std::ifstream file(std::filesystem::path(KERATIN_SOURCE_DIR) / path);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Files below `folder` with one of these extensions, as paths from the root, sorted.
inline std::vector<std::string> files_in(const std::string& folder,
                                         const std::set<std::string>& extensions) {
  const std::filesystem::path root = KERATIN_SOURCE_DIR;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    if (entry.is_regular_file() && extensions.contains(entry.path().extension().string()))
      paths.push_back(entry.path().lexically_relative(root).generic_string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What the first group of `pattern` matches, wherever it does in `text`.
inline std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
  std::vector<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it)
    found.push_back((*it)[1]);
  return found;
}

}  // namespace keratin::tests
