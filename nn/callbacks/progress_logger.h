#pragma once

#include <cstdint>
#include <optional>

#include "nn/callback.h"
#include "nn/inspect/progress_bar.h"

namespace keratin::detail {

/// What fit, evaluate and predict print as they go: an epoch's number, and a progress bar or one
/// line with the running results.
class ProgressLogger final : public Callback {
 public:
  void on_train_begin(Logs& logs) override;
  void on_epoch_begin(int epoch, Logs& logs) override;
  void on_epoch_end(int epoch, Logs& logs) override;
  bool reads_batch_logs() const override { return bar_ && bar_->due(); }
  void on_train_batch_end(std::int64_t batch, Logs& logs) override;
  void on_test_begin(Logs& logs) override;
  void on_test_end(Logs& logs) override;
  void on_test_batch_end(std::int64_t batch, Logs& logs) override;
  void on_predict_begin(Logs& logs) override;
  void on_predict_end(Logs& logs) override;
  void on_predict_batch_end(std::int64_t batch, Logs& logs) override;

 private:
  void begin();
  void update(std::int64_t batch, const Logs& logs);
  void end(const Logs& logs);

  bool in_fit_ = false;                 // then validation has no bar of its own
  std::optional<std::int64_t> target_;  // batches of a pass, as soon as they are known
  std::int64_t seen_ = 0;
  std::optional<ProgressBar> bar_;
};

}  // namespace keratin::detail
