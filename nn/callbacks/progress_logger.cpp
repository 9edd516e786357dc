#include "nn/callbacks/progress_logger.h"

#include <fmt/format.h>

#include "nn/inspect/terminal.h"

namespace keratin::detail {

void ProgressLogger::begin() {
  if (!target_) target_ = params().steps;
  seen_ = 0;
  bar_.emplace(target_, ProgressBarOptions{.verbose = params().verbose});
}

void ProgressLogger::update(std::int64_t batch, const Logs& logs) {
  seen_ = batch + 1;
  bar_->update(seen_, logs, false);
}

void ProgressLogger::end(const Logs& logs) {
  if (!target_) {
    target_ = seen_;
    bar_->set_target(seen_);
  }
  bar_->update(seen_, logs, true);
}

void ProgressLogger::on_train_begin(Logs&) { in_fit_ = true; }

void ProgressLogger::on_epoch_begin(int epoch, Logs&) {
  if (params().epochs > 1) write_stdout(fmt::format("Epoch {}/{}\n", epoch + 1, params().epochs));
  begin();
}
void ProgressLogger::on_train_batch_end(std::int64_t batch, Logs& logs) { update(batch, logs); }
void ProgressLogger::on_epoch_end(int, Logs& logs) { end(logs); }

void ProgressLogger::on_test_begin(Logs&) {
  if (!in_fit_) begin();
}
void ProgressLogger::on_test_batch_end(std::int64_t batch, Logs& logs) {
  if (!in_fit_) update(batch, logs);
}
void ProgressLogger::on_test_end(Logs& logs) {
  if (!in_fit_) end(logs);
}

void ProgressLogger::on_predict_begin(Logs&) { begin(); }
void ProgressLogger::on_predict_batch_end(std::int64_t batch, Logs&) { update(batch, {}); }
void ProgressLogger::on_predict_end(Logs&) { end({}); }

}  // namespace keratin::detail
