// Counting right and wrong predictions at several thresholds at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace keratin::metrics {

/// Sums of weights, for each threshold (and label: [threshold, label]), of what was said rightly or
/// wrongly to be so. Null where nobody asks.
struct Counts {
  double* true_positives = nullptr;
  double* false_positives = nullptr;
  double* true_negatives = nullptr;
  double* false_negatives = nullptr;
};

/// Predictions compared with thresholds: p > t counts as a yes.
class Thresholds {
 public:
  /// Throws ValueError unless all are from 0 to 1. None: `otherwise`.
  Thresholds(const char* metric, std::vector<double> thresholds, double otherwise);
  /// count of them, evenly from 0 to 1; with `beyond` the first is below 0 and the last above 1.
  static Thresholds evenly(std::int64_t count, bool beyond);
  /// Those, sorted, with one below 0 before and one above 1 after.
  static Thresholds around(const char* metric, std::vector<double> inner);

  std::int64_t count() const { return static_cast<std::int64_t>(values_.size()); }
  const std::vector<double>& values() const { return values_; }

  struct Batch {
    std::string metric;  // for messages
    Tensor y_true, y_pred, sample_weight;
    std::optional<int> top_k = {};     // other scores of a row count as a no
    std::optional<int> class_id = {};  // of the last axis only this
    std::int64_t labels = 1;           // counted apart: the last axis
    std::vector<double> label_weights = {};
  };
  /// Adds a batch: one pass, whatever the number of thresholds. A prediction of NaN is a no. Throws
  /// ShapeError, ValueError (class_id, top_k).
  void add(const Batch& batch, const Counts& counts) const;

 private:
  Thresholds() = default;
  void find_order();
  /// How many thresholds lie below p.
  std::int64_t below(float p) const;

  std::vector<double> values_;
  std::vector<float> sorted_;
  std::vector<std::int64_t> rank_;  // of each threshold among the sorted
  bool even_ = false, beyond_ = false;
};

}  // namespace keratin::metrics
