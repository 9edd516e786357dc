#include "nn/model/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace keratin::detail {

std::optional<std::int64_t> known_steps(const data::Dataset& data,
                                        std::optional<std::int64_t> asked) {
  const std::int64_t there = data.cardinality();
  if (asked) return there >= 0 ? std::min(*asked, there) : *asked;
  return there >= 0 ? std::optional(there) : std::nullopt;
}

void require_positive(const char* what, const char* option, std::optional<std::int64_t> value) {
  if (value && *value < 1) {
    throw ValueError(fmt::format("{}: {} is {}; expected at least 1", what, option, *value));
  }
}

void require_defined(const char* what, const data::Dataset& data) {
  if (!data.defined()) throw ValueError(fmt::format("{}: the dataset was never set", what));
  if (data.cardinality() == 0) throw ValueError(fmt::format("{}: the dataset is empty", what));
}

Logs to_logs(const Tensors& results) {
  Logs logs;
  std::vector<std::pair<std::string, double>> sorted;
  for (const auto& [name, value] : results.entries()) {
    if (value.size() == 1) sorted.emplace_back(name, value.item<double>());
  }
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [name, value] : sorted) logs[name] = value;
  return logs;
}

}  // namespace keratin::detail
