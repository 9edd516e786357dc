// Losses for numbers, beside mean_squared_error.h and mean_absolute_error.h. y_true and y_pred have
// one shape; values are averaged over the last axis unless said.
#pragma once

#include "nn/loss.h"

namespace keratin::losses {

/// 100 |y - p| / max(|y|, 1e-7). Names: "mape", "mean_absolute_percentage_error".
class MeanAbsolutePercentageError : public LossRef {
 public:
  explicit MeanAbsolutePercentageError(const LossOptions& options = {});
};

/// (ln(max(p, 1e-7) + 1) - ln(max(y, 1e-7) + 1))^2. Names: "msle",
/// "mean_squared_logarithmic_error".
class MeanSquaredLogarithmicError : public LossRef {
 public:
  explicit MeanSquaredLogarithmicError(const LossOptions& options = {});
};

struct CosineSimilarityOptions {
  int axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "cosine_similarity";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("axis", axis);
    f("reduction", reduction);
  }
};
/// -sum of y p over an axis, both scaled to length 1 along it: -1 where they point the same way.
/// (The metric of that name has the other sign.)
class CosineSimilarity : public LossRef {
 public:
  explicit CosineSimilarity(const CosineSimilarityOptions& options = {});
};

struct HuberOptions {
  double delta = 1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "huber_loss";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("delta", delta);
    f("reduction", reduction);
  }
};
/// With e = p - y: e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2. Name: "huber". Throws
/// ValueError for a negative delta.
class Huber : public LossRef {
 public:
  explicit Huber(const HuberOptions& options = {});
};

/// ln cosh(p - y), computed as e + softplus(-2 e) - ln 2. Names: "log_cosh", "logcosh".
class LogCosh : public LossRef {
 public:
  explicit LogCosh(const LossOptions& options = {});
};

/// p - y ln(p + 1e-7), for counts y. Name: "poisson".
class Poisson : public LossRef {
 public:
  explicit Poisson(const LossOptions& options = {});
};

/// Sum of y ln(y / p) over the last axis, both cut to [1e-7, 1]. Names: "kld", "kl_divergence".
class KLDivergence : public LossRef {
 public:
  explicit KLDivergence(const LossOptions& options = {});
};

}  // namespace keratin::losses
