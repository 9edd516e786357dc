#include "nn/inspect/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "nn/inspect/styled_text.h"
#include "nn/inspect/terminal.h"

namespace keratin {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

double steady_seconds() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double>(steady_clock::now().time_since_epoch()).count();
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "12s", "2:05", "1:02:33".
std::string remaining_text(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds);
  if (seconds > 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60);
  if (seconds > 60) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}s", s);
}

// "2s/step", "15ms/step", "150us/step".
std::string per_step_text(double seconds, std::string_view unit) {
  if (seconds >= 1 || seconds <= 0) return fmt::format("{:.0f}s/{}", seconds, unit);
  if (seconds >= 1e-3) return fmt::format("{:.0f}ms/{}", seconds * 1e3, unit);
  return fmt::format("{:.0f}us/{}", seconds * 1e6, unit);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";  // whatever its sign
  return std::fabs(value) > 1e-3 ? fmt::format("{:.4f}", value) : fmt::format("{:.4e}", value);
}

std::string steps_text(std::int64_t current, std::int64_t target) {
  const std::string last = fmt::format("{}", target);
  return fmt::format("{:>{}}/{}", current, last.size(), last);
}

std::string repeated(std::string_view text, std::int64_t times) {
  std::string out;
  for (std::int64_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

ProgressBar::ProgressBar(std::optional<std::int64_t> target, ProgressBarOptions options)
    : options_(std::move(options)) {
  if (target) set_target(*target);
  if (options_.verbose < 0 || options_.verbose > 2) {
    throw ValueError(fmt::format(
        "ProgressBar: unknown verbose: {}; expected 0 (silent), 1 (a bar) or 2 (one line)",
        options_.verbose));
  }
  if (options_.width < 0 || options_.interval.value_or(0) < 0) {
    throw ValueError(
        fmt::format("ProgressBar: a negative size: width is {}, interval {} s; expected none",
                    options_.width, options_.interval.value_or(0)));
  }
  if (!options_.stateful_metrics.empty() && !options_.stateless_metrics.empty()) {
    throw ValueError(
        fmt::format("ProgressBar: both lists given: {} stateful_metrics and {} stateless_metrics; "
                    "expected one of them. All that is not in it is of the other kind.",
                    options_.stateful_metrics.size(), options_.stateless_metrics.size()));
  }
  const bool to_stdout = !options_.sink;
  if (!options_.terminal) options_.terminal = to_stdout && detail::stdout_is_terminal();
  styled_ = *options_.terminal && (!to_stdout || detail::stdout_takes_styles());
  if (!options_.interval) options_.interval = *options_.terminal ? 0.05 : kNever;
  if (!options_.columns) options_.columns = detail::terminal_columns();
  if (to_stdout) options_.sink = detail::write_stdout;
  if (!options_.clock) options_.clock = steady_seconds;
  start_ = options_.clock();
}

void ProgressBar::set_target(std::int64_t target) {
  if (target < 0) {
    throw ValueError(fmt::format("ProgressBar: target is {}; expected 0 or more steps", target));
  }
  target_ = target;
}

bool ProgressBar::due() const { return options_.verbose == 1 && due_at(options_.clock()); }

bool ProgressBar::due_at(double now) const {
  return last_drawn_ ? now - *last_drawn_ >= *options_.interval : *options_.interval < kNever;
}

bool ProgressBar::is_averaged(std::string_view name) const {
  if (!options_.stateful_metrics.empty()) return !contains(options_.stateful_metrics, name);
  return contains(options_.stateless_metrics, name);
}

void ProgressBar::update(std::int64_t current, const Logs& values, std::optional<bool> finalize) {
  if (current < 0) {
    throw ValueError(fmt::format("ProgressBar: current is {}; expected 0 or more steps", current));
  }
  const bool last = finalize.value_or(target_ && current >= *target_);
  gather(current - seen_, values, last);
  seen_ = current;
  if (options_.verbose == 0) return;
  const double now = options_.clock();
  const double per_step = seconds_per_step(current, now);
  if (options_.verbose == 1 && (last || due_at(now))) draw(current, now, per_step, last);
  if (options_.verbose == 2 && last && has_target()) print_line(current, now, per_step);
}

void ProgressBar::gather(std::int64_t steps, const Logs& values, bool finalize) {
  const auto weight = static_cast<double>(std::max<std::int64_t>(steps, 1));
  for (const auto& [name, value] : values) {
    Value& shown = values_[name];
    if (finalize || !is_averaged(name)) {
      shown = {value, 1};
    } else {
      shown.sum += value * weight;
      shown.count += weight;
    }
  }
}

// The first step is left out once there are more: it may have had to set things up.
double ProgressBar::seconds_per_step(std::int64_t current, double now) {
  if (current == 0) return 0;
  const bool skip_first = after_first_step_ && current > 1;
  const double seconds = skip_first ? (now - *after_first_step_) / static_cast<double>(current - 1)
                                    : (now - start_) / static_cast<double>(current);
  if (current == 1) after_first_step_ = now;
  return seconds;
}

std::string ProgressBar::values_text() const {
  std::string text;
  for (const auto& [name, value] : values_) {
    text += fmt::format(" - {}: {}", name, number_text(value.sum / value.count));
  }
  return text;
}

void ProgressBar::draw(std::int64_t current, double now, double per_step, bool finalize) {
  using detail::Style;
  const bool known = has_target(), terminal = *options_.terminal;
  detail::StyledText text;
  if (known) {
    const double done = static_cast<double>(current) / static_cast<double>(*target_);
    const auto full =
        std::min<std::int64_t>(options_.width, static_cast<std::int64_t>(options_.width * done));
    text.push_back({steps_text(current, *target_), Style::bold});
    text.push_back({" "});
    text.push_back({repeated("━", full), Style::done});
    text.push_back({repeated("━", options_.width - full), Style::to_do});
  } else {
    text.push_back({fmt::format("{:7}/Unknown", current)});
  }
  text.push_back({" "});
  text.push_back({known && !finalize
                      ? remaining_text(per_step * static_cast<double>(*target_ - current))
                      : fmt::format("{:.0f}s", now - start_),
                  Style::bold});
  text.push_back({" " + per_step_text(per_step, options_.unit_name)});
  text.push_back({values_text()});

  // A line that wraps can't be drawn over; the last one stays, so it may.
  detail::StyledLine line = detail::glyphs_of(text);
  if (terminal && !finalize) line = detail::cropped(std::move(line), *options_.columns - 1);
  const std::int64_t width = detail::width_of(line);
  std::string out;
  if (terminal) {
    const auto before = static_cast<std::size_t>(last_width_);
    out.append(before, '\b').append("\r");
    out += detail::to_text(line, styled_);
    out.append(static_cast<std::size_t>(std::max<std::int64_t>(last_width_ - width, 0)), ' ');
    if (finalize) out += '\n';
  } else {
    out = detail::to_text(line, false) + '\n';
  }
  last_width_ = width;
  last_drawn_ = now;
  options_.sink(out);
}

void ProgressBar::print_line(std::int64_t current, double now, double per_step) {
  options_.sink(fmt::format("{} - {:.0f}s - {}{}\n", steps_text(current, *target_), now - start_,
                            per_step_text(per_step, options_.unit_name), values_text()));
}

}  // namespace keratin
