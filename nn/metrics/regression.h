// Metrics for numbers. y_true and y_pred have one shape.
#pragma once

#include "nn/metric.h"

namespace keratin::metrics {

// Means over samples of the losses of the same names; where predictions carry a mask, over what it
// counts.

class MeanSquaredError : public MetricRef {
 public:
  explicit MeanSquaredError(const MetricOptions& options = {});
};
class MeanAbsoluteError : public MetricRef {
 public:
  explicit MeanAbsoluteError(const MetricOptions& options = {});
};
class MeanAbsolutePercentageError : public MetricRef {
 public:
  explicit MeanAbsolutePercentageError(const MetricOptions& options = {});
};
class MeanSquaredLogarithmicError : public MetricRef {
 public:
  explicit MeanSquaredLogarithmicError(const MetricOptions& options = {});
};
/// The mean of ln cosh(p - y). Its name is "logcosh".
class LogCoshError : public MetricRef {
 public:
  explicit LogCoshError(const MetricOptions& options = {});
};

struct CosineSimilarityOptions {
  std::string name = "cosine_similarity";
  DTypePolicy dtype = {};
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("axis", axis);
  }
};
/// The mean cosine between y_true and y_pred along an axis: 1 where they point the same way. (The
/// loss of that name has the other sign.)
class CosineSimilarity : public MetricRef {
 public:
  explicit CosineSimilarity(const CosineSimilarityOptions& options = {});
};

struct CorrelationOptions {
  std::string name = {};
  DTypePolicy dtype = {};
  int axis = -1;

  void fields(Fields& f) {
    f("name", name);
    f("axis", axis);
  }
};
/// The mean over samples of Pearson's correlation along an axis.
class PearsonCorrelation : public MetricRef {
 public:
  explicit PearsonCorrelation(const CorrelationOptions& options = {});
};
/// The mean over samples of Lin's concordance along an axis, as Keras computes it:
///   mean of 2 (y - mean p) (p - mean p) / (var y + var p + (mean y - mean p)^2 + 1e-7)
class ConcordanceCorrelation : public MetricRef {
 public:
  explicit ConcordanceCorrelation(const CorrelationOptions& options = {});
};

/// sqrt of the mean squared error over all batches. Masks are not read, as in Keras.
class RootMeanSquaredError : public MetricRef {
 public:
  explicit RootMeanSquaredError(const MetricOptions& options = {});
};

struct R2ScoreOptions {
  // "variance_weighted_average"; "" for one number an output, not among the logs of fit
  std::string class_aggregation = "uniform_average";
  int num_regressors = 0;  // more: the score is adjusted for so many independent variables
  std::string name = "r2_score";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("class_aggregation", class_aggregation);
    f("num_regressors", num_regressors);
  }
};
/// 1 - sum of (y - p)^2 / sum of (y - mean y)^2, for each output; y_true, y_pred: [batch, outputs].
/// 1 is perfect, 0 no better than the mean. Infinite ones count as 0. Adjusted with n, which is, as
/// in Keras, the number of elements: 1 - (1 - R2) (n - 1) / (n - num_regressors - 1). Masks are not
/// read, as in Keras. Throws ValueError for options out of range, ShapeError.
class R2Score : public MetricRef {
 public:
  explicit R2Score(const R2ScoreOptions& options = {});
};

}  // namespace keratin::metrics
