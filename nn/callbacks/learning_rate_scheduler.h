#pragma once

#include <functional>

#include "nn/callback.h"

namespace keratin::callbacks {

struct LearningRateSchedulerOptions {
  std::function<double(int epoch, double learning_rate)> schedule = {};  // required
  int verbose = 0;
};

/// Sets the learning rate at the beginning of each epoch, counted from 0, to what a function says
/// of the epoch and the rate before. Adds "learning_rate" to the logs. Throws ValueError without a
/// function, for a rate that is no number of at least 0, or an optimizer that has a schedule of its
/// own.
///
///     LearningRateScheduler({.schedule = [](int, double lr) { return 0.9 * lr; }})
class LearningRateScheduler : public CallbackRef {
 public:
  explicit LearningRateScheduler(LearningRateSchedulerOptions options);
};

}  // namespace keratin::callbacks
