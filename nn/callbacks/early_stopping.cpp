#include "nn/callbacks/early_stopping.h"

#include <fmt/format.h>

#include <vector>

#include "nn/callbacks/monitor.h"
#include "nn/inspect/terminal.h"
#include "nn/model/model.h"

namespace keratin::callbacks {
namespace {

class EarlyStoppingCallback final : public Callback {
 public:
  explicit EarlyStoppingCallback(const EarlyStoppingOptions& options)
      : options_(options),
        monitor_("EarlyStopping", options.monitor, options.mode, options.min_delta) {
    if (options.patience < 0 || options.start_from_epoch < 0) {
      throw ValueError(
          fmt::format("EarlyStopping: patience is {}, start_from_epoch {}; expected at least 0",
                      options.patience, options.start_from_epoch));
    }
  }

  bool reads_batch_logs() const override { return false; }
  void on_train_begin(Logs&) override {
    monitor_.reset();
    wait_ = 0;
    stopped_epoch_ = best_epoch_ = 0;
    best_.reset();
    best_weights_.clear();
  }

  void on_epoch_end(int epoch, Logs& logs) override {
    monitor_.resolve(model());
    const std::optional<double> value = monitor_.value(logs);
    if (!value || epoch < options_.start_from_epoch) return;
    if (options_.restore_best_weights && best_weights_.empty()) keep_weights(epoch);
    ++wait_;
    if (monitor_.improved(*value, best_)) {
      best_ = value;
      keep_weights(epoch);
      if (!options_.baseline || monitor_.improved(*value, options_.baseline)) wait_ = 0;
    } else if (wait_ >= options_.patience && epoch > 0) {
      stopped_epoch_ = epoch;
      model().stop_training();
    }
  }

  void on_train_end(Logs&) override {
    if (stopped_epoch_ > 0 && options_.verbose > 0) {
      detail::write_stdout(fmt::format("Epoch {}: early stopping\n", stopped_epoch_ + 1));
    }
    if (best_weights_.empty()) return;
    if (options_.verbose > 0) {
      detail::write_stdout(fmt::format(
          "Restoring model weights from the end of the best epoch: {}.\n", best_epoch_ + 1));
    }
    model().set_weights(best_weights_);
  }

  void state(Fields& f) override {
    f("wait", wait_);
    f("stopped_epoch", stopped_epoch_);
    f("best_epoch", best_epoch_);
    f("best", best_);
    std::int64_t count = std::ssize(best_weights_);
    f("weights", count);
    best_weights_.resize(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < best_weights_.size(); ++i) {
      f(fmt::format("weight/{}", i).c_str(), best_weights_[i]);
    }
  }

 private:
  void keep_weights(int epoch) {
    best_epoch_ = epoch;
    if (options_.restore_best_weights) best_weights_ = model().get_weights();
  }

  EarlyStoppingOptions options_;
  detail::Monitor monitor_;
  int wait_ = 0, stopped_epoch_ = 0, best_epoch_ = 0;
  std::optional<double> best_;
  std::vector<Tensor> best_weights_;
};

}  // namespace

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options)
    : CallbackRef(std::make_shared<EarlyStoppingCallback>(options)) {}

}  // namespace keratin::callbacks
