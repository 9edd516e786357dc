#pragma once

#include <optional>
#include <string>

#include "nn/callback.h"

namespace keratin::detail {

/// A value of the logs that a callback watches, and what counts as better: less of it or more.
///
/// `mode` "auto": less of a loss; of a metric what the metric itself says. A metric that does not
/// say is an error rather than a guess.
class Monitor {
 public:
  /// Throws ValueError for a mode that is not "auto", "min" or "max", or a negative min_delta;
  /// messages begin with `callback`.
  Monitor(const char* callback, std::string name, const std::string& mode, double min_delta = 0);

  const std::string& name() const { return name_; }
  /// Finds the direction, once the model knows its metrics. Throws ValueError where nothing tells.
  void resolve(Model& model);
  /// The value, where the logs have it; else a warning that lists what they have, once in a run.
  std::optional<double> value(const Logs& logs);
  /// Is `value` better than `best` by more than min_delta? A NaN never is.
  bool improved(double value, std::optional<double> best) const;
  /// Forgets that it warned: at the beginning of a run.
  void reset() { warned_ = false; }

 private:
  enum class Direction { unknown, less, more };
  const char* callback_;
  std::string name_;
  double min_delta_;
  Direction direction_ = Direction::unknown;
  bool warned_ = false;
};

}  // namespace keratin::detail
