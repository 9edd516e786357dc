#pragma once

#include "nn/metrics/mean.h"

namespace keratin::metrics {

/// The share of samples of which a function says that they are right: 1 or 0 a sample.
class MatchMetric : public MeanMetric {
 public:
  using Function = Tensor (*)(const Tensor& y_true, const Tensor& y_pred);
  /// `counted`: how many samples match, one number, where a kernel says so at once; else nothing.
  MatchMetric(std::string name, Function matches, Function counted = nullptr)
      : MeanMetric(std::move(name)), matches_(matches), counted_(counted) {}
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override {
    if (counted_ != nullptr && !sample_weight.defined()) {
      if (const Tensor count = counted_(y_true, y_pred); count.defined())
        return add_sum(count, y_pred.shape()[0]);
    }
    MeanMetric::update_state({}, matches_(y_true, y_pred), sample_weight);
  }
  std::string direction() const override { return "up"; }
  bool reads_mask() const override { return true; }

 private:
  Function matches_, counted_;
};

/// y_true == y_pred, element by element.
class Accuracy : public MetricRef {
 public:
  explicit Accuracy(const MetricOptions& options = {});
};

struct BinaryAccuracyOptions {
  std::string name = {};
  DTypePolicy dtype = {};
  double threshold = 0.5;

  void fields(Fields& f) {
    f("name", name);
    f("threshold", threshold);
  }
};
/// y_true == (y_pred > threshold), element by element.
class BinaryAccuracy : public MetricRef {
 public:
  explicit BinaryAccuracy(const BinaryAccuracyOptions& options = {});
};

/// argmax y_true == argmax y_pred over the last axis; the first of equals.
class CategoricalAccuracy : public MetricRef {
 public:
  explicit CategoricalAccuracy(const MetricOptions& options = {});
};

/// y_true == argmax y_pred over the last axis. y_true: [...] or [..., 1].
class SparseCategoricalAccuracy : public MetricRef {
 public:
  explicit SparseCategoricalAccuracy(const MetricOptions& options = {});
};

struct TopKOptions {
  int k = 5;
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("k", k);
  }
};
/// Is the class of y_true (one-hot) among the k best of y_pred? Ties at the border count.
class TopKCategoricalAccuracy : public MetricRef {
 public:
  explicit TopKCategoricalAccuracy(const TopKOptions& options = {});
};
/// The same for class numbers.
class SparseTopKCategoricalAccuracy : public MetricRef {
 public:
  explicit SparseTopKCategoricalAccuracy(const TopKOptions& options = {});
};

/// Keras' meaning of "accuracy", by the shapes: predictions that end in 1 -> binary; targets of
/// lower rank, or that end in 1 -> sparse; else categorical.
class ResolvedAccuracy : public MeanMetric {
 public:
  explicit ResolvedAccuracy(std::string name) : MeanMetric(std::move(name)) {}
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override;
  std::string direction() const override { return "up"; }
  bool reads_mask() const override { return true; }
};

}  // namespace keratin::metrics
