#include "nn/metrics/f_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/metrics/counted_later.h"
#include "nn/metrics/state.h"
#include "tensor/cast.h"
#include "tensor/named.h"

namespace keratin::metrics {
namespace {

constexpr double kEpsilon = 1e-7;

class FBetaMetric final : public CountedLater {
 public:
  FBetaMetric(const char* class_name, const FBetaScoreOptions& o)
      : CountedLater(o.name), options_(o) {
    const std::vector<std::string> known{"", "micro", "macro", "weighted"};
    if (std::find(known.begin(), known.end(), o.average) == known.end()) {
      throw ValueError(fmt::format("{}: unknown average \"{}\"{}", class_name, o.average,
                                   name_hint(o.average, known)));
    }
    if (!(o.beta > 0)) {
      throw ValueError(fmt::format("{}: beta is {}; expected more than 0", class_name, o.beta));
    }
    if (o.threshold && !(*o.threshold > 0 && *o.threshold <= 1)) {
      throw ValueError(fmt::format("{}: threshold is {}; expected more than 0, at most 1",
                                   class_name, *o.threshold));
    }
  }

  void count(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight) override {
    if (y_true.rank() != 2 || y_pred.rank() != 2 || y_true.shape() != y_pred.shape()) {
      throw ShapeError(fmt::format("{}: targets are {}, predictions {}; expected [batch, classes]",
                                   name(), y_true.spec().text(), y_pred.spec().text()));
    }
    const std::int64_t rows = y_pred.shape()[0], classes = y_pred.shape()[1];
    if (tp_.defined() && tp_.size() != classes) {
      throw ShapeError(fmt::format("{}: predictions are {}; there were {} classes before", name(),
                                   y_pred.spec().text(), tp_.size()));
    }
    Tensor weights;
    if (sample_weight.defined()) {
      weights = weights_for(name(), sample_weight, {rows});
    }
    if (!tp_.defined()) {
      const auto sums = [&](const char* variable) {
        return Sums(add_variable({.shape = {classes}, .dtype = float64, .name = variable}));
      };
      tp_ = sums("true_positives");
      fp_ = sums("false_positives");
      fn_ = sums("false_negatives");
      occurs_ = sums("intermediate_weights");
    }
    const Tensor said = cast(y_pred, float32), so = cast(y_true, float32);
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* p = said.data<float>() + row * classes;
      const float* y = so.data<float>() + row * classes;
      const double w = weights.defined() ? static_cast<double>(weights.data<float>()[row]) : 1.0;
      const float largest = classes > 0 ? *std::max_element(p, p + classes) : 0;
      for (std::int64_t i = 0; i < classes; ++i) {
        const bool yes = options_.threshold
                             ? p[i] > static_cast<float>(*options_.threshold)
                             : p[i] >= largest && std::abs(p[i]) > 1e-9f;  // none in a row of zeros
        const auto target = static_cast<double>(y[i]);
        if (yes) {
          tp_.data()[i] += w * target;
          fp_.data()[i] += w * (1 - target);
        } else {
          fn_.data()[i] += w * target;
        }
        occurs_.data()[i] += w * target;
      }
    }
  }

  Tensor counted() const override {
    if (!tp_.defined()) return Tensor::scalar(0);
    const std::int64_t classes = tp_.size();
    if (options_.average == "micro") {
      const auto total = [&](const Sums& s) {
        return std::accumulate(s.data(), s.data() + classes, 0.0);
      };
      return Tensor::scalar(score(total(tp_), total(fp_), total(fn_)));
    }
    std::vector<double> scores;
    double occurs = kEpsilon, mean = 0, weighted = 0;
    for (std::int64_t i = 0; i < classes; ++i) {
      scores.push_back(score(tp_[i], fp_[i], fn_[i]));
      mean += scores.back() / static_cast<double>(classes);
      occurs += occurs_[i];
    }
    for (std::int64_t i = 0; i < classes; ++i) {
      weighted += scores[static_cast<std::size_t>(i)] * occurs_[i] / occurs;
    }
    if (options_.average == "macro") return Tensor::scalar(mean);
    if (options_.average == "weighted") return Tensor::scalar(weighted);
    return Tensor::from(std::vector<float>(scores.begin(), scores.end()));
  }

  std::string direction() const override { return "up"; }

 private:
  double score(double tp, double fp, double fn) const {
    const double precision = tp / (tp + fp + kEpsilon), recall = tp / (tp + fn + kEpsilon);
    const double b = options_.beta * options_.beta;
    return (1 + b) * precision * recall / (b * precision + recall + kEpsilon);
  }

  FBetaScoreOptions options_;
  Sums tp_, fp_, fn_, occurs_;
};

}  // namespace

FBetaScore::FBetaScore(const FBetaScoreOptions& options)
    : MetricRef(std::make_shared<FBetaMetric>("FBetaScore", options)) {
  set_origin("FBetaScore", options);
}

F1Score::F1Score(const F1ScoreOptions& o)
    : MetricRef(std::make_shared<FBetaMetric>(
          "F1Score",
          FBetaScoreOptions{.average = o.average, .threshold = o.threshold, .name = o.name})) {
  set_origin("F1Score", o);
}

}  // namespace keratin::metrics
