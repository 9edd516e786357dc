#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "nn/metric.h"

namespace keratin::metrics {

/// A metric that only the CPU counts. Batches on a GPU wait there, in a buffer of their own, until
/// somebody reads or the buffer is full; they are counted then as they would have been at once: the
/// same bits. A batch of another shape than the one before is counted at once, so that what is
/// wrong with it is said at once.
class CountedLater : public Metric {
 public:
  using Metric::Metric;
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) final;
  Tensor result() const final {
    settle();
    return counted();
  }
  void reset_state() override {
    batches_.clear();
    Metric::reset_state();
  }
  bool on_gpu() const final { return true; }

 protected:
  /// One batch, all of it on the CPU.
  virtual void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) = 0;
  /// What result() gives.
  virtual Tensor counted() const = 0;
  void settle() const final;

 private:
  static constexpr std::int64_t kMostBatches = 1024, kMostBytes = 16 << 20;
  static constexpr std::size_t kParts = 3;  // y_true, y_pred, sample_weight
  // How a part of each batch looks, all but how many rows.
  struct Part {
    bool given = false;
    Spec spec = {};
    Tensor rows = {};  // of all waiting batches
  };

  bool looks_as_before(const std::array<Tensor, kParts>& batch) const;
  void remember(const std::array<Tensor, kParts>& batch);
  void wait(const std::array<Tensor, kParts>& batch);
  std::int64_t waiting_rows() const { return batches_.empty() ? 0 : batches_.back(); }

  std::array<Part, kParts> parts_;
  std::int64_t capacity_ = 0;                  // rows; 0: nothing may wait
  mutable std::vector<std::int64_t> batches_;  // where each waiting batch ends
};

}  // namespace keratin::metrics
