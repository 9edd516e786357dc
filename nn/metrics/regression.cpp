#include "nn/metrics/regression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/sqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "nn/losses/mean_absolute_error.h"
#include "nn/losses/mean_squared_error.h"
#include "nn/losses/regression.h"
#include "nn/metrics/counted_later.h"
#include "nn/metrics/loss_metric.h"
#include "nn/metrics/state.h"
#include "tensor/cast.h"
#include "tensor/named.h"

namespace keratin::metrics {
namespace {

// A function of two tensors [batch, ...] as a loss, for LossMetric.
LossRef per_sample(const char* name, std::function<Tensor(const Tensor&, const Tensor&)> f) {
  return LossRef(
      [name, f = std::move(f)](const Variable& y_true, const Variable& y_pred) {
        return Variable(f(detail::aligned_target(name, y_true, y_pred).value(), y_pred.value()),
                        false);
      },
      name, "none");
}

Tensor pearson(const Tensor& y, const Tensor& p, int axis) {
  const ReduceOptions along{.axis = axis, .keepdims = true};
  const auto standard = [&](const Tensor& x) {
    const Tensor centered = x - mean(x, along);
    return centered / sqrt(mean(square(centered), along));
  };
  return mean(standard(y) * standard(p), {.axis = axis});
}

Tensor concordance(const Tensor& y, const Tensor& p, int axis) {
  const ReduceOptions along{.axis = axis, .keepdims = true};
  const Tensor my = mean(y, along), mp = mean(p, along);
  const Tensor norm = mean(square(y - my), along) + mean(square(p - mp), along) + square(my - mp);
  return mean((y - mp) * (p - mp) * 2.0 / (norm + 1e-7), {.axis = axis});
}

class RootMeanSquare final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override {
    const Tensor p = cast(y_pred, float32);
    const Tensor y = aligned(name(), cast(y_true, float32), p);
    MeanMetric::update_state({}, square(p - y), sample_weight);
  }
  Tensor result() const override { return Tensor::scalar(std::sqrt(value())); }
  std::string direction() const override { return "down"; }
};

class R2Metric final : public CountedLater {
 public:
  explicit R2Metric(const R2ScoreOptions& o) : CountedLater(o.name), options_(o) {
    const std::vector<std::string> known{"", "uniform_average", "variance_weighted_average"};
    if (std::find(known.begin(), known.end(), o.class_aggregation) == known.end()) {
      throw ValueError(fmt::format("R2Score: unknown class_aggregation \"{}\"{}",
                                   o.class_aggregation, name_hint(o.class_aggregation, known)));
    }
    if (o.num_regressors < 0) {
      throw ValueError(
          fmt::format("R2Score: num_regressors is {}; it may not be negative", o.num_regressors));
    }
    elements_ = Sums(add_variable({.dtype = float64, .name = "num_samples"}));
  }

  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    const Tensor p = cast(y_pred, float64);
    const Tensor y = cast(aligned(name(), y_true, y_pred), float64);
    if (p.rank() != 2 || (sum_.defined() && sum_.size() != p.shape()[1])) {
      throw ShapeError(fmt::format("{}: predictions are {}; expected [batch, {}]", name(),
                                   y_pred.spec().text(),
                                   sum_.defined() ? std::to_string(sum_.size()) : "outputs"));
    }
    Tensor weights;
    if (sample_weight.defined()) weights = weights_for(name(), sample_weight, p.shape());
    const std::int64_t outputs = p.shape()[1];
    if (!sum_.defined()) {
      const auto sums = [&](const char* variable) {
        return Sums(add_variable({.shape = {outputs}, .dtype = float64, .name = variable}));
      };
      squares_ = sums("squared_sum");
      sum_ = sums("sum");
      residual_ = sums("residual");
      count_ = sums("count");
    }
    const double *target = y.data<double>(), *said = p.data<double>();
    for (std::int64_t i = 0; i < p.size(); ++i) {
      const std::int64_t to = i % outputs;
      const double w = weights.defined() ? static_cast<double>(weights.data<float>()[i]) : 1.0;
      sum_.data()[to] += w * target[i];
      squares_.data()[to] += w * target[i] * target[i];
      residual_.data()[to] += w * (target[i] - said[i]) * (target[i] - said[i]);
      count_.data()[to] += w;
    }
    elements_.data()[0] += static_cast<double>(p.size());
  }

  Tensor counted() const override {
    if (!sum_.defined()) return Tensor::scalar(0);
    std::vector<double> scores;
    double mean = 0, weighted = 0, variance = 0;
    for (std::int64_t i = 0; i < sum_.size(); ++i) {
      const double total = squares_[i] - sum_[i] * sum_[i] / count_[i];
      const double score = 1 - residual_[i] / total;
      scores.push_back(std::isinf(score) ? 0 : score);
      mean += scores.back() / static_cast<double>(sum_.size());
      weighted += total * scores.back();
      variance += total;
    }
    if (options_.class_aggregation == "uniform_average") scores = {mean};
    if (options_.class_aggregation == "variance_weighted_average") scores = {weighted / variance};
    const double n = elements_[0], left = n - options_.num_regressors - 1;
    if (options_.num_regressors > 0 && left > 0) {
      for (double& score : scores) score = 1 - (1 - score) * (n - 1) / left;
    }
    if (!options_.class_aggregation.empty()) return Tensor::scalar(scores[0]);
    return Tensor::from(std::vector<float>(scores.begin(), scores.end()));
  }

  std::string direction() const override { return "up"; }

 private:
  R2ScoreOptions options_;
  Sums elements_, squares_, sum_, residual_, count_;
};

}  // namespace

MeanSquaredError::MeanSquaredError(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "mean_squared_error"), losses::MeanSquaredError())) {
  set_origin("MeanSquaredError", o);
}
MeanAbsoluteError::MeanAbsoluteError(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "mean_absolute_error"), losses::MeanAbsoluteError())) {
  set_origin("MeanAbsoluteError", o);
}
MeanAbsolutePercentageError::MeanAbsolutePercentageError(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "mean_absolute_percentage_error"),
                        losses::MeanAbsolutePercentageError())) {
  set_origin("MeanAbsolutePercentageError", o);
}
MeanSquaredLogarithmicError::MeanSquaredLogarithmicError(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "mean_squared_logarithmic_error"),
                        losses::MeanSquaredLogarithmicError())) {
  set_origin("MeanSquaredLogarithmicError", o);
}
LogCoshError::LogCoshError(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "logcosh"), losses::LogCosh())) {
  set_origin("LogCoshError", o);
}

CosineSimilarity::CosineSimilarity(const CosineSimilarityOptions& o)
    : MetricRef(
          mean_of(o.name,
                  LossRef([loss = losses::CosineSimilarity({.axis = o.axis})](
                              const Variable& y_true,
                              const Variable& y_pred) { return -loss.per_sample(y_true, y_pred); },
                          "cosine_similarity", "none"),
                  "up")) {
  set_origin("CosineSimilarity", o);
}

PearsonCorrelation::PearsonCorrelation(const CorrelationOptions& o)
    : MetricRef(mean_of(name_or(o.name, "pearson_correlation"),
                        per_sample("pearson_correlation",
                                   [axis = o.axis](const Tensor& y, const Tensor& p) {
                                     return pearson(y, p, axis);
                                   }),
                        "up")) {
  set_origin("PearsonCorrelation", o);
}
ConcordanceCorrelation::ConcordanceCorrelation(const CorrelationOptions& o)
    : MetricRef(mean_of(name_or(o.name, "concordance_correlation"),
                        per_sample("concordance_correlation",
                                   [axis = o.axis](const Tensor& y, const Tensor& p) {
                                     return concordance(y, p, axis);
                                   }),
                        "up")) {
  set_origin("ConcordanceCorrelation", o);
}

RootMeanSquaredError::RootMeanSquaredError(const MetricOptions& o)
    : MetricRef(std::make_shared<RootMeanSquare>(name_or(o.name, "root_mean_squared_error"))) {
  set_origin("RootMeanSquaredError", o);
}

R2Score::R2Score(const R2ScoreOptions& options) : MetricRef(std::make_shared<R2Metric>(options)) {
  set_origin("R2Score", options);
}

}  // namespace keratin::metrics
