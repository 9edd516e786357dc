#include "nn/callbacks/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::detail {

Monitor::Monitor(const char* callback, std::string name, const std::string& mode, double min_delta)
    : callback_(callback), name_(std::move(name)), min_delta_(min_delta) {
  if (name_.empty()) {
    throw ValueError(fmt::format("{}: monitor is empty; expected a name of the logs", callback));
  }
  if (mode != "auto" && mode != "min" && mode != "max") {
    throw ValueError(fmt::format("{}: mode is \"{}\"; expected \"auto\", \"min\" or \"max\"{}",
                                 callback, mode, name_hint(mode, {"auto", "min", "max"})));
  }
  if (!(min_delta >= 0)) {
    throw ValueError(fmt::format("{}: min_delta is {}; expected at least 0", callback, min_delta));
  }
  if (mode == "min") direction_ = Direction::less;
  if (mode == "max") direction_ = Direction::more;
}

void Monitor::resolve(Model& model) {
  if (direction_ != Direction::unknown) return;
  const std::string name = name_.starts_with("val_") ? name_.substr(4) : name_;
  for (const auto& [key, metric] : model.metrics()) {
    if (key != name) continue;
    const std::string direction = metric.metric()->direction();
    if (direction == "down") direction_ = Direction::less;
    if (direction == "up") direction_ = Direction::more;
  }
  if (direction_ == Direction::unknown) {
    throw ValueError(fmt::format(
        "{}: monitor is \"{}\", and nothing says whether less of it is better, or more; give "
        ".mode = \"min\" or \"max\"",
        callback_, name_));
  }
}

std::optional<double> Monitor::value(const Logs& logs) {
  if (const double* value = logs.find(name_)) return *value;
  if (!std::exchange(warned_, true)) {
    std::vector<std::string> known;
    for (const auto& [key, value] : logs) known.push_back(key);
    detail::warn("keratin: {}: the logs have no \"{}\"{}\n", callback_, name_,
                 name_hint(name_, known));
  }
  return {};
}

bool Monitor::improved(double value, std::optional<double> best) const {
  if (std::isnan(value)) return false;
  if (!best) return true;
  return direction_ == Direction::less ? value + min_delta_ < *best : value - min_delta_ > *best;
}

}  // namespace keratin::detail
