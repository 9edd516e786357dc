#pragma once

#include "nn/metric.h"

namespace keratin::metrics {

/// The mean of what it is given: values of any shape, each sample's averaged over its other axes
/// first, weighted by sample_weight [batch].
class MeanMetric : public Metric {
 public:
  explicit MeanMetric(std::string name) : Metric(std::move(name)) {}
  void update_state(const Tensor& y_true, const Tensor& values,
                    const Tensor& sample_weight) override;
  Tensor result() const override;
  void reset_state() override { total_ = count_ = 0; }
  /// One value that stands for `weight` samples.
  void add(double value, double weight) {
    total_ += value * weight;
    count_ += weight;
  }
  double value() const { return count_ == 0 ? 0 : total_ / count_; }

 private:
  double total_ = 0, count_ = 0;  // in double: an epoch sums millions of values
};

/// A mean of values. update_state(values).
class Mean : public MetricRef {
 public:
  explicit Mean(const MetricOptions& options = {});
};

}  // namespace keratin::metrics
