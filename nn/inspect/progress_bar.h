#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/named.h"

namespace keratin {

struct ProgressBarOptions {
  /// Cells of the bar itself.
  int width = 20;
  /// 0: silent; 1: a bar that is drawn again and again; 2: one line at the end.
  int verbose = 1;
  /// Seconds between two drawings. Not given: 0.05 on a terminal; elsewhere without end, as each
  /// drawing is a line of its own there: one line an epoch.
  std::optional<double> interval = {};
  /// If some are named, all others are averaged over the steps.
  std::vector<std::string> stateful_metrics = {};
  /// The values that are averaged over the steps. Named in neither list, they are shown as they
  /// come: fit's are running results already. (Keras' own bar averages unless told otherwise.)
  std::vector<std::string> stateless_metrics = {};
  std::string unit_name = "step";
  /// Gets the text. Not given: standard output.
  std::function<void(std::string_view)> sink = {};
  /// Is the sink a terminal, where a line can be drawn over, in colours (unless NO_COLOR is set)?
  /// Not given: standard output is asked, a sink of one's own is none.
  std::optional<bool> terminal = {};
  /// Cells of a terminal's line; only the last drawing may be longer. Not given: the terminal is
  /// asked.
  std::optional<std::int64_t> columns = {};
  /// Seconds since any moment. Not given: a steady clock.
  std::function<double()> clock = {};
};

/// Shows how far a loop is, how long it still takes, and values by name, in Keras' words:
///
///     938/938 ━━━━━━━━━━━━━━━━━━━━ 4s 4ms/step - accuracy: 0.9126 - loss: 0.2953
///
///     ProgressBar bar(steps);
///     for (std::int64_t i = 1; i <= steps; ++i) bar.update(i, {{"loss", train(i)}});
class ProgressBar {
 public:
  /// No target: the number of steps is unknown. Throws ValueError for options out of their range,
  /// or metrics in both lists.
  explicit ProgressBar(std::optional<std::int64_t> target = {}, ProgressBarOptions options = {});

  /// `current` steps are done. The last update ends the line; where `finalize` is not given it is
  /// the one that reaches the target. Throws ValueError for a negative `current`.
  void update(std::int64_t current, const Logs& values = {}, std::optional<bool> finalize = {});
  /// `count` more steps are done.
  void add(std::int64_t count, const Logs& values = {}) { update(seen_ + count, values); }

  /// Would update() draw now? If not, values shown as they come need not be computed for it.
  bool due() const;

  std::optional<std::int64_t> target() const { return target_; }
  /// Once the number of steps is known. Throws ValueError for a negative one.
  void set_target(std::int64_t target);

 private:
  struct Value {
    double sum = 0;
    double count = 0;  // 1 for a value shown as it came
  };

  bool has_target() const { return target_.value_or(0) > 0; }
  bool is_averaged(std::string_view name) const;
  void gather(std::int64_t steps, const Logs& values, bool finalize);
  double seconds_per_step(std::int64_t current, double now);
  bool due_at(double now) const;
  void draw(std::int64_t current, double now, double per_step, bool finalize);
  void print_line(std::int64_t current, double now, double per_step);
  std::string values_text() const;

  std::optional<std::int64_t> target_;
  ProgressBarOptions options_;
  bool styled_ = false;
  Named<Value> values_;
  std::int64_t seen_ = 0;
  double start_ = 0;
  std::optional<double> after_first_step_;
  std::optional<double> last_drawn_;
  std::int64_t last_width_ = 0;  // cells of the last drawing
};

}  // namespace keratin
