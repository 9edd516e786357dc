#include "nn/names.h"

#include <fmt/format.h>

#include <cctype>
#include <map>
#include <mutex>

#include "nn/options.h"

namespace keratin {
namespace {

struct Counters {
  std::mutex mutex;
  std::map<std::string, int> used;
};
Counters& counters() {
  static Counters instance;
  return instance;
}

bool upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool lower(char c) { return std::islower(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string snake_case(std::string_view class_name) {
  std::string words;
  for (const char c : class_name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') words += c;
  }
  // First between any character and an upper-case letter that lower-case ones follow, then between
  // lower and upper.
  std::string name;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool starts_word =
        i > 0 && upper(words[i]) && i + 1 < words.size() && lower(words[i + 1]);
    const bool after_lower = i > 0 && upper(words[i]) && lower(words[i - 1]);
    if ((starts_word || after_lower) && words[i - 1] != '_') name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
  }
  return name;
}

std::string unique_name(const std::string& base) {
  const std::lock_guard lock(counters().mutex);
  const int count = counters().used[base]++;
  return count == 0 ? base : fmt::format("{}_{}", base, count);
}

void clear_session() {
  const std::lock_guard lock(counters().mutex);
  counters().used.clear();
}

void require_channels_last(std::string_view layer, const std::string& data_format) {
  if (data_format.empty() || data_format == "channels_last") return;
  throw ValueError(
      fmt::format("{}: data_format is \"{}\"; images are kept as \"channels_last\" here: [batch, "
                  "height, width, channels]. Transpose "
                  "the data once, when it is loaded.",
                  layer, data_format));
}

}  // namespace keratin
