#pragma once

#include <optional>

#include "nn/metric.h"

namespace keratin::metrics {

struct FBetaScoreOptions {
  std::string average = {};  // none; "micro", "macro", "weighted"
  double beta = 1;
  std::optional<double> threshold = {};  // not given: the largest of each row is a yes
  std::string name = "fbeta_score";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("average", average);
    f("beta", beta);
    f("threshold", threshold);
  }
};
/// (1 + beta^2) precision recall / (beta^2 precision + recall), of each class.
/// y_true, y_pred: [batch, classes]; y_pred above the threshold is a yes. result(): one number with
/// "macro" (their mean), "weighted" (by how often each class occurs) and "micro" (of all counts
/// together), else one a class: a vector is not among the logs of fit. Weights: one a sample. Masks
/// are not read, as in Keras. Throws ValueError for options out of range, ShapeError.
class FBetaScore : public MetricRef {
 public:
  explicit FBetaScore(const FBetaScoreOptions& options = {});
};

struct F1ScoreOptions {
  std::string average = {};
  std::optional<double> threshold = {};
  std::string name = "f1_score";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("average", average);
    f("threshold", threshold);
  }
};
/// FBetaScore with beta 1.
class F1Score : public MetricRef {
 public:
  explicit F1Score(const F1ScoreOptions& options = {});
};

}  // namespace keratin::metrics
