#include <algorithm>
#include <functional>
#include <random>

#include "autograd/ops.h"
#include "nn/layers/activation.h"
#include "nn/losses/focal.h"
#include "nn/losses/overlap.h"
#include "nn/losses/regression.h"
#include "nn/metrics/auc.h"
#include "nn/metrics/confusion.h"
#include "nn/metrics/f_score.h"
#include "nn/metrics/iou.h"
#include "nn/metrics/mean.h"
#include "nn/metrics/regression.h"
#include "nn/model/sequential.h"
#include "nn/names.h"
#include "tests/support.h"

namespace keratin::tests {
namespace {

using namespace metrics;

double result_of(const MetricRef& metric) { return metric.result().item<double>(); }

TEST_CASE("metrics: options out of range") {
  const std::pair<const char*, std::function<void()>> rows[] = {
      {"threshold 1.5", [] { Precision({.thresholds = {1.5}}); }},
      {"threshold -0.1",
       [] {
         TruePositives({.thresholds = {0.5, -0.1}});
       }},
      {"top_k is 0", [] { Recall({.top_k = 0}); }},
      {"num_thresholds is 1", [] { AUC({.num_thresholds = 1}); }},
      {"did you mean \"ROC\"", [] { AUC({.curve = "ROX"}); }},
      {"summation_method", [] { AUC({.summation_method = "mean"}); }},
      {"num_labels", [] { AUC({.num_labels = 3}); }},
      {"threshold 2", [] { AUC({.thresholds = {2}}); }},
      {"recall is -1", [] { PrecisionAtRecall({}); }},
      {"specificity is 1.5", [] { SensitivityAtSpecificity({.specificity = 1.5}); }},
      {"num_thresholds is 0", [] { RecallAtPrecision({.precision = 0.5, .num_thresholds = 0}); }},
      {"average", [] { F1Score({.average = "mico"}); }},
      {"beta is 0", [] { FBetaScore({.beta = 0}); }},
      {"threshold is 0", [] { F1Score({.threshold = 0}); }},
      {"num_classes is 0", [] { MeanIoU({}); }},
      {"target_class_ids", [] { IoU({.num_classes = 2}); }},
      {"target class 2", [] { IoU({.num_classes = 2, .target_class_ids = {2}}); }},
      {"class_aggregation", [] { R2Score({.class_aggregation = "mean"}); }},
      {"num_regressors", [] { R2Score({.num_regressors = -1}); }},
      {"delta", [] { losses::Huber({.delta = -1}); }},
      {"q is 1", [] { losses::CategoricalGeneralizedCrossEntropy({.q = 1}); }},
      {"label_smoothing", [] { losses::BinaryFocalCrossentropy({.label_smoothing = 2}); }},
  };
  for (const auto& [message, make] : rows) {
    CAPTURE(message);
    CHECK_THROWS_WITH_AS(make(), doctest::Contains(message), ValueError);
  }
}

TEST_CASE("metrics: inputs that do not fit are refused, and nothing is counted") {
  struct Row {
    MetricRef metric;
    Shape y_true, y_pred, weight;
  };
  const Shape none = Shape::unset();
  const Row rows[] = {
      {Precision(), {4, 2}, {4, 1}, none},
      {Precision(), {3}, {4, 1}, none},
      {Precision(), {4, 1}, {4, 1}, {3}},
      {Precision(), {4, 2}, {4, 2}, {4, 3}},
      {AUC(), {4, 3}, {4, 2}, none},
      {AUC({.multi_label = true}), {4}, {4}, none},
      {AUC({.multi_label = true, .num_labels = 3}), {4, 2}, {4, 2}, none},
      {AUC({.label_weights = {1, 2}}), {4, 3}, {4, 3}, none},
      {F1Score({.average = "macro"}), {4}, {4}, none},
      {F1Score({.average = "macro"}), {4, 2}, {4, 3}, none},
      {F1Score({.average = "macro"}), {4, 2}, {4, 2}, {3}},
      {MeanIoU({.num_classes = 2}), {4}, {5}, none},
      {R2Score(), {4}, {4}, none},
      {R2Score(), {4, 2}, {4, 3}, none},
      {RootMeanSquaredError(), {4, 1}, {4, 3}, none},
      {Sum(), {}, {4, 3}, {5}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.metric.name());
    CAPTURE(row.y_pred.text());
    MetricRef metric = row.metric;
    CHECK_THROWS_AS(metric.update_state(zeros(row.y_true), zeros(row.y_pred),
                                        row.weight.is_set() ? ones(row.weight) : Tensor()),
                    ShapeError);
    for (const Variable& state : metric.metric()->variables()) {
      for (const double v : state.value().to_vector<double>()) CHECK(v == 0);
    }
  }
  Precision of_class({.class_id = 2}), of_best({.top_k = 3});
  CHECK_THROWS_WITH_AS(of_class.update_state(zeros({4, 2}), zeros({4, 2})),
                       doctest::Contains("class_id is 2"), ValueError);
  CHECK_THROWS_AS(of_class.update_state(zeros({4}), zeros({4})), ValueError);
  CHECK_THROWS_WITH_AS(of_best.update_state(zeros({4, 2}), zeros({4, 2})),
                       doctest::Contains("top_k is 3"), ValueError);
  MeanIoU iou({.num_classes = 2});
  CHECK_THROWS_WITH_AS(iou.update_state(Tensor::numbers({0, 2}), Tensor::numbers({0, 1})),
                       doctest::Contains("target 2 of element 1 is out of range"), ValueError);
  CHECK(result_of(iou) == 0);
  CHECK_THROWS_AS(iou.update_state(Tensor::numbers({0, 1}), Tensor::numbers({0, -1})), ValueError);
}

TEST_CASE("metrics: names, directions and what can be asked for by name") {
  clear_session();
  CHECK(AUC().name() == "auc");
  CHECK(AUC().name() == "auc_1");
  CHECK(Precision().name() == "precision");
  CHECK(TruePositives().name() == "true_positives");
  CHECK(MeanIoU({.num_classes = 2}).name() == "mean_io_u");
  CHECK(LogCoshError().name() == "logcosh");
  CHECK(AUC({.name = "mine"}).name() == "mine");
  const std::pair<const char*, const char*> rows[] = {
      {"auc", "up"},
      {"AUC", "up"},
      {"precision", "up"},
      {"Recall", "up"},
      {"f1_score", "up"},
      {"r2_score", "up"},
      {"cosine_similarity", "up"},
      {"kld", "down"},
      {"poisson", "down"},
      {"root_mean_squared_error", "down"},
      {"MSLE", "down"},
      {"mape", "down"},
      {"huber", "down"},
      {"true_positives", ""},
      {"logcosh", "down"},
      {"hinge", "down"},
      {"binary_io_u", "up"},
      {"pearson_correlation", "up"},
      {"sum", ""},
  };
  for (const auto& [name, direction] : rows) {
    CAPTURE(name);
    CHECK(MetricRef(name).name() == name);
    CHECK(MetricRef(name).metric()->direction() == direction);
  }
  CHECK_THROWS_WITH_AS(MetricRef("aucc"), doctest::Contains("did you mean \"AUC\""), ValueError);
  for (const char* name : {"huber", "Huber", "log_cosh", "kld", "KLD", "kl_divergence", "mape",
                           "msle", "hinge", "categorical_hinge", "poisson", "dice", "tversky",
                           "binary_focal_crossentropy", "cosine_similarity"}) {
    CAPTURE(name);
    CHECK(LossRef(name).given());
  }
  // "crossentropy" by the shapes.
  const Variable p(full({2, 1}, 0.3), false), q(full({2, 2}, 0.5), false);
  const auto ce = [](const Variable& y, const Variable& p) {
    return LossRef("crossentropy")(y, p).value().item<double>();
  };
  CHECK(ce(ones({2, 1}), p) == doctest::Approx(-std::log(0.3)));
  CHECK(ce(ones({2}), q) == doctest::Approx(std::log(2)));
  CHECK(ce(Tensor::numbers({0, 1, 1, 0}, {2, 2}), q) == doctest::Approx(std::log(2)));
}

TEST_CASE("metrics: counts agree with counting, at evenly spaced and other thresholds") {
  std::mt19937 draw(7);
  std::uniform_real_distribution<float> uniform(-0.1f, 1.1f);
  const std::int64_t n = 500;
  std::vector<float> p, y, w;
  for (std::int64_t i = 0; i < n; ++i) {
    p.push_back(i % 11 == 0 ? std::round(uniform(draw) * 4) / 4 : uniform(draw));  // ties
    y.push_back(draw() % 3 == 0 ? 1.0f : 0.0f);
    w.push_back(static_cast<float>(draw() % 4));
  }
  const Tensor pt = Tensor::from(p), yt = Tensor::from(y), wt = Tensor::from(w);
  const std::vector<double> lists[] = {
      {0.5}, {0.9, 0.1, 0.4}, {0, 0.25, 0.5, 0.75, 1}, {0.5, 0.5}, {0, 1}};
  for (const std::vector<double>& thresholds : lists) {
    TruePositives tp({.thresholds = thresholds});
    FalsePositives fp({.thresholds = thresholds});
    TrueNegatives tn({.thresholds = thresholds});
    FalseNegatives fn({.thresholds = thresholds});
    for (MetricRef* metric : std::initializer_list<MetricRef*>{&tp, &fp, &tn, &fn}) {
      metric->update_state(yt.slice(0, 100), pt.slice(0, 100), wt.slice(0, 100));
      metric->update_state(yt.slice(100, n), pt.slice(100, n), wt.slice(100, n));
    }
    for (std::size_t t = 0; t < thresholds.size(); ++t) {
      CAPTURE(thresholds[t]);
      double expected[4] = {};
      for (std::size_t i = 0; i < p.size(); ++i) {
        // Evenly spaced ones take predictions as from 0 to 1, as in Keras.
        const bool even = thresholds.size() > 3;
        const float said = even ? std::clamp(p[i], 0.0f, 1.0f) : p[i];
        const bool yes = said > static_cast<float>(thresholds[t]);
        expected[yes ? (y[i] != 0 ? 0 : 1) : (y[i] != 0 ? 3 : 2)] += w[i];
      }
      const MetricRef all[] = {tp, fp, tn, fn};
      for (int k = 0; k < 4; ++k) {
        CHECK(all[k].result().to_vector<double>()[t] == expected[k]);
      }
    }
  }
}

TEST_CASE("metrics: AUC comes near the exact one, and NaN is a no") {
  std::mt19937 draw(9);
  std::normal_distribution<double> normal;
  std::vector<float> p, y;
  for (int i = 0; i < 32768; ++i) {
    y.push_back(i % 3 == 0 ? 1.0f : 0.0f);
    p.push_back(static_cast<float>(1 / (1 + std::exp(-normal(draw) - y.back()))));
  }
  // The share of pairs of a yes and a no that are in order.
  std::vector<std::pair<float, float>> sorted;
  for (std::size_t i = 0; i < p.size(); ++i) sorted.emplace_back(p[i], y[i]);
  std::sort(sorted.begin(), sorted.end());
  double noes = 0, yeses = 0, in_order = 0;
  for (const auto& [score, target] : sorted) {
    if (target == 0) {
      noes += 1;
    } else {
      yeses += 1;
      in_order += noes;
    }
  }
  AUC auc;
  auc.update_state(Tensor::from(y), Tensor::from(p));
  CHECK(std::abs(result_of(auc) - in_order / (yeses * noes)) < 1e-3);

  Recall recall;
  recall.update_state(ones({2}), Tensor::numbers({std::nan(""), 0.9}));
  CHECK(result_of(recall) == 0.5);
  AUC with_nan;
  with_nan.update_state(Tensor::numbers({1, 1, 0}), Tensor::numbers({std::nan(""), 0.9, 0.1}));
  CHECK(std::isfinite(result_of(with_nan)));
}

TEST_CASE("metrics: state lives in variables, and results of several numbers stay out of logs") {
  F1Score f1;
  CHECK(f1.result().size() == 1);
  f1.update_state(Tensor::numbers({1, 0, 0, 1}, {2, 2}),
                  Tensor::numbers({0.9, 0, 0.2, 0.6}, {2, 2}));
  CHECK(f1.result().to_vector<float>().size() == 2);
  CHECK(f1.metric()->variables().size() == 4);
  CHECK(AUC().metric()->variables().size() == 4);
  Mean mean;
  mean.update_state(Tensor::numbers({1, 2, 3}));
  REQUIRE(mean.metric()->variables().size() == 2);
  CHECK(mean.metric()->variables()[0].value().item<double>() == 6);
  CHECK(mean.metric()->variables()[1].value().item<double>() == 3);

  Model model = Sequential({Input({.shape = {2}}), layers::ReLU()});
  model.compile(
      {.loss = "mse", .metrics = {F1Score(), F1Score({.average = "macro", .name = "f"})}});
  const Logs logs = model.evaluate(Tensor::numbers({1, 0, 0, 1}, {2, 2}),
                                   Tensor::numbers({1, 0, 0, 1}, {2, 2}), {.verbose = 0});
  CHECK(logs.contains("f"));
  CHECK_FALSE(logs.contains("f1_score"));
}

}  // namespace
}  // namespace keratin::tests
