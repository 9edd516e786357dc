#include "nn/callbacks/reduce_lr_on_plateau.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "nn/callbacks/monitor.h"
#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

class ReduceLROnPlateauCallback final : public Callback {
 public:
  explicit ReduceLROnPlateauCallback(const ReduceLROnPlateauOptions& options)
      : options_(options),
        monitor_("ReduceLROnPlateau", options.monitor, options.mode, options.min_delta) {
    if (!(options.factor > 0 && options.factor < 1)) {
      throw ValueError(fmt::format("ReduceLROnPlateau: factor is {}; expected above 0 and below 1",
                                   options.factor));
    }
    if (options.patience < 0 || options.cooldown < 0 || !(options.min_lr >= 0)) {
      throw ValueError(fmt::format(
          "ReduceLROnPlateau: patience is {}, cooldown {}, min_lr {}; expected at least 0",
          options.patience, options.cooldown, options.min_lr));
    }
  }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override {
    monitor_.reset();
    wait_ = cooldown_ = 0;
    best_.reset();
    // A rate that follows a schedule is told of before training, not after the first plateau.
    model().optimizer().set_learning_rate(model().optimizer().learning_rate());
  }

  void on_epoch_end(int epoch, Logs& logs) override {
    monitor_.resolve(model());
    logs["learning_rate"] = model().optimizer().learning_rate();
    const std::optional<double> value = monitor_.value(logs);
    if (!value) return;
    if (cooldown_ > 0) {
      --cooldown_;
      wait_ = 0;
    }
    if (monitor_.improved(*value, best_)) {
      best_ = value;
      wait_ = 0;
    } else if (cooldown_ == 0 && ++wait_ >= options_.patience) {
      reduce(epoch);
    }
  }

  void state(Fields& f) override { f("wait", wait_), f("cooldown", cooldown_), f("best", best_); }

 private:
  void reduce(int epoch) {
    const double before = model().optimizer().learning_rate();
    if (before <= options_.min_lr) return;
    const double rate = std::max(before * options_.factor, options_.min_lr);
    model().optimizer().set_learning_rate(rate);
    if (options_.verbose > 0) {
      detail::write_stdout(fmt::format(
          "\nEpoch {}: ReduceLROnPlateau reducing learning rate to {}.\n", epoch + 1, rate));
    }
    cooldown_ = options_.cooldown;
    wait_ = 0;
  }

  ReduceLROnPlateauOptions options_;
  detail::Monitor monitor_;
  int wait_ = 0, cooldown_ = 0;
  std::optional<double> best_;
};

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(const ReduceLROnPlateauOptions& options)
    : CallbackRef(std::make_shared<ReduceLROnPlateauCallback>(options)) {}

}  // namespace keratin::callbacks
