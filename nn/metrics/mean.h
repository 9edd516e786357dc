#pragma once

#include "nn/metrics/state.h"

namespace keratin::metrics {

/// The mean of what it is given: values of any shape, each sample's averaged over its other axes
/// first, weighted by sample_weight [batch].
class MeanMetric : public Metric {
 public:
  explicit MeanMetric(std::string name);
  void update_state(const Tensor& y_true, const Tensor& values,
                    const Tensor& sample_weight) override;
  Tensor result() const override;
  bool on_gpu() const override { return true; }
  void settle() const override {
    total_.settle();
    count_.settle();
  }
  void reset_state() override {
    total_.clear();
    count_.clear();
  }
  /// One value, on whatever device, that stands for `weight` samples.
  void add(const Tensor& value, double weight) {
    total_.add(value, weight);
    count_.add(weight);
  }
  double value() const { return ratio(total_[0], count_[0]); }

 protected:
  /// What update_state makes of the values of `samples` samples whose sum is known.
  void add_sum(const Tensor& sum, std::int64_t samples) {
    total_.add(sum);
    count_.add(static_cast<double>(samples));
  }

 private:
  Sums total_, count_;
};

/// A sum of values: those of each sample, times its weight. update_state(values).
class Sum : public MetricRef {
 public:
  explicit Sum(const MetricOptions& options = {});
};

/// A mean of values. update_state(values).
class Mean : public MetricRef {
 public:
  explicit Mean(const MetricOptions& options = {});
};

}  // namespace keratin::metrics
