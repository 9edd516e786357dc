// Metrics by the names that Keras knows them under.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "nn/loss.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/auc.h"
#include "nn/metrics/confusion.h"
#include "nn/metrics/f_score.h"
#include "nn/metrics/iou.h"
#include "nn/metrics/loss_metric.h"
#include "nn/metrics/probabilistic.h"
#include "nn/metrics/regression.h"
#include "nn/names.h"
#include "tensor/named.h"

namespace keratin {
namespace {

// Each takes the name as it was typed.
using Make = MetricRef (*)(const std::string& name);

template <class M, class Options = metrics::MetricOptions>
MetricRef made(const std::string& name) {
  Options options;
  options.name = name;
  return M(options);
}

std::map<std::string, Make> table() {
  std::map<std::string, Make> names;
  // Under the class's name, its snake_case, and others.
  const auto add = [&](const char* class_name, Make make,
                       std::initializer_list<const char*> others = {}) {
    names[class_name] = names[snake_case(class_name)] = make;
    for (const char* other : others) names[other] = make;
  };
  using namespace metrics;
  add("Accuracy",
      [](const std::string& name) { return MetricRef(std::make_shared<ResolvedAccuracy>(name)); },
      {"acc"});
  add("BinaryAccuracy", made<BinaryAccuracy, BinaryAccuracyOptions>);
  add("CategoricalAccuracy", made<CategoricalAccuracy>);
  add("SparseCategoricalAccuracy", made<SparseCategoricalAccuracy>);
  add("TopKCategoricalAccuracy", made<TopKCategoricalAccuracy, TopKOptions>);
  add("SparseTopKCategoricalAccuracy", made<SparseTopKCategoricalAccuracy, TopKOptions>);
  add("Mean", made<Mean>);
  add("Sum", made<Sum>);
  add("MeanSquaredError", made<MeanSquaredError>, {"mse", "MSE"});
  add("MeanAbsoluteError", made<MeanAbsoluteError>, {"mae", "MAE"});
  add("MeanAbsolutePercentageError", made<MeanAbsolutePercentageError>, {"mape", "MAPE"});
  add("MeanSquaredLogarithmicError", made<MeanSquaredLogarithmicError>, {"msle", "MSLE"});
  add("RootMeanSquaredError", made<RootMeanSquaredError>);
  add("CosineSimilarity", made<CosineSimilarity, CosineSimilarityOptions>);
  add("LogCoshError", made<LogCoshError>, {"log_cosh", "logcosh"});
  add("R2Score", made<R2Score, R2ScoreOptions>);
  add("PearsonCorrelation", made<PearsonCorrelation, CorrelationOptions>);
  add("ConcordanceCorrelation", made<ConcordanceCorrelation, CorrelationOptions>);
  add("AUC", made<AUC, AUCOptions>);
  add("Precision", made<Precision, PrecisionOptions>);
  add("Recall", made<Recall, PrecisionOptions>);
  add("TruePositives", made<TruePositives, CountOptions>);
  add("FalsePositives", made<FalsePositives, CountOptions>);
  add("TrueNegatives", made<TrueNegatives, CountOptions>);
  add("FalseNegatives", made<FalseNegatives, CountOptions>);
  add("F1Score", made<F1Score, F1ScoreOptions>);
  add("FBetaScore", made<FBetaScore, FBetaScoreOptions>, {"fbeta_score"});
  add("BinaryIoU", made<BinaryIoU, BinaryIoUOptions>);
  add("BinaryCrossentropy", made<BinaryCrossentropy, BinaryCrossentropyOptions>, {"bce", "BCE"});
  add("CategoricalCrossentropy", made<CategoricalCrossentropy, CategoricalCrossentropyOptions>);
  add("SparseCategoricalCrossentropy",
      made<SparseCategoricalCrossentropy, SparseCategoricalCrossentropyOptions>);
  add("KLDivergence", made<KLDivergence>, {"kl_divergence", "kld", "KLD"});
  add("Poisson", made<Poisson>);
  add("Hinge", made<Hinge>);
  add("SquaredHinge", made<SquaredHinge>);
  add("CategoricalHinge", made<CategoricalHinge>);
  // Losses that Keras has no class of metric for.
  for (const char* loss : {"huber", "dice", "tversky", "binary_focal_crossentropy",
                           "categorical_focal_crossentropy"}) {
    names[loss] = [](const std::string& name) {
      return MetricRef(std::make_shared<LossMetric>(name, LossRef(name)));
    };
  }
  return names;
}

}  // namespace

MetricRef::MetricRef(const char* name) {
  static const std::map<std::string, Make> makers = table();
  const auto found = makers.find(name);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers) known.push_back(key);
    throw ValueError(fmt::format("metric: unknown name \"{}\"{}", name, name_hint(name, known)));
  }
  metric_ = found->second(name).metric();
  metric_->set_origin(
      std::make_shared<const Origin>(Origin{.class_name = {}, .fields = {}, .name = name}));
}

}  // namespace keratin
