// Counts of right and wrong yeses and noes, and what is made of them. y_true: 0 or 1; y_pred: of the
// same shape, probabilities; above the threshold they are a yes. Weights: one a sample or one a
// value. Masks are not read, as in Keras: give weights of 0 for what does not count.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/metric.h"

namespace keratin::metrics {

struct CountOptions {
  std::vector<double> thresholds = {};  // 0.5 unless given
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("thresholds", thresholds);
  }
};
// result(): a number, or one a threshold. A vector is not among the logs of fit.

/// How many were rightly said to be so.
class TruePositives : public MetricRef {
 public:
  explicit TruePositives(const CountOptions& options = {});
};
/// How many were wrongly said to be so.
class FalsePositives : public MetricRef {
 public:
  explicit FalsePositives(const CountOptions& options = {});
};
/// How many were rightly said not to be so.
class TrueNegatives : public MetricRef {
 public:
  explicit TrueNegatives(const CountOptions& options = {});
};
/// How many were wrongly said not to be so.
class FalseNegatives : public MetricRef {
 public:
  explicit FalseNegatives(const CountOptions& options = {});
};

struct PrecisionOptions {
  std::vector<double> thresholds = {};  // 0.5 unless given; all of the top k
  std::optional<int> top_k = {};        // a yes to the k largest of each row only
  std::optional<int> class_id = {};     // of the last axis this one only
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("thresholds", thresholds);
    f("top_k", top_k);
    f("class_id", class_id);
  }
};
/// How much of what was said to be so is: tp / (tp + fp), 0 where nothing was. Without class_id
/// every element of [batch, classes] counts for itself. Throws ValueError for options out of range.
class Precision : public MetricRef {
 public:
  explicit Precision(const PrecisionOptions& options = {});
};
/// How much of what is so was said to be: tp / (tp + fn), 0 where nothing is.
class Recall : public MetricRef {
 public:
  explicit Recall(const PrecisionOptions& options = {});
};

struct SensitivityAtSpecificityOptions {
  double specificity = -1;  // required, 0 to 1
  std::int64_t num_thresholds = 200;
  std::optional<int> class_id = {};
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("specificity", specificity);
    f("num_thresholds", num_thresholds);
    f("class_id", class_id);
  }
};
/// The best tp / (tp + fn) at a threshold at which tn / (tn + fp) is at least `specificity`; 0
/// where there is none.
class SensitivityAtSpecificity : public MetricRef {
 public:
  explicit SensitivityAtSpecificity(const SensitivityAtSpecificityOptions& options);
};

struct SpecificityAtSensitivityOptions {
  double sensitivity = -1;  // required, 0 to 1
  std::int64_t num_thresholds = 200;
  std::optional<int> class_id = {};
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("sensitivity", sensitivity);
    f("num_thresholds", num_thresholds);
    f("class_id", class_id);
  }
};
/// The best tn / (tn + fp) at a threshold at which tp / (tp + fn) is at least `sensitivity`.
class SpecificityAtSensitivity : public MetricRef {
 public:
  explicit SpecificityAtSensitivity(const SpecificityAtSensitivityOptions& options);
};

struct PrecisionAtRecallOptions {
  double recall = -1;  // required, 0 to 1
  std::int64_t num_thresholds = 200;
  std::optional<int> class_id = {};
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("recall", recall);
    f("num_thresholds", num_thresholds);
    f("class_id", class_id);
  }
};
/// The best tp / (tp + fp) at a threshold at which tp / (tp + fn) is at least `recall`.
class PrecisionAtRecall : public MetricRef {
 public:
  explicit PrecisionAtRecall(const PrecisionAtRecallOptions& options);
};

struct RecallAtPrecisionOptions {
  double precision = -1;  // required, 0 to 1
  std::int64_t num_thresholds = 200;
  std::optional<int> class_id = {};
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("precision", precision);
    f("num_thresholds", num_thresholds);
    f("class_id", class_id);
  }
};
/// The best tp / (tp + fn) at a threshold at which tp / (tp + fp) is at least `precision`.
class RecallAtPrecision : public MetricRef {
 public:
  explicit RecallAtPrecision(const RecallAtPrecisionOptions& options);
};

}  // namespace keratin::metrics
