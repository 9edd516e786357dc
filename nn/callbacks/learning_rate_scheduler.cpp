#include "nn/callbacks/learning_rate_scheduler.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

class LearningRateSchedulerCallback final : public Callback {
 public:
  explicit LearningRateSchedulerCallback(LearningRateSchedulerOptions options)
      : options_(std::move(options)) {
    if (!options_.schedule) {
      throw ValueError(
          "LearningRateScheduler: schedule is missing; expected a function of the epoch and the "
          "learning rate");
    }
  }

  bool reads_batch_logs() const override { return false; }
  void on_epoch_begin(int epoch, Logs&) override {
    OptimizerRef& optimizer = model().optimizer();
    const double rate = options_.schedule(epoch, optimizer.learning_rate());
    if (!std::isfinite(rate) || rate < 0) {
      throw ValueError(fmt::format(
          "LearningRateScheduler: the schedule gave {} for epoch {}; expected at least 0", rate,
          epoch));
    }
    optimizer.set_learning_rate(rate);
    if (options_.verbose > 0) {
      detail::write_stdout(fmt::format(
          "\nEpoch {}: LearningRateScheduler setting learning rate to {}.\n", epoch + 1, rate));
    }
  }

  void on_epoch_end(int, Logs& logs) override {
    logs["learning_rate"] = model().optimizer().learning_rate();
  }

 private:
  LearningRateSchedulerOptions options_;
};

}  // namespace

LearningRateScheduler::LearningRateScheduler(LearningRateSchedulerOptions options)
    : CallbackRef(std::make_shared<LearningRateSchedulerCallback>(std::move(options))) {}

}  // namespace keratin::callbacks
