#include "nn/metrics/auc.h"
#include "nn/metrics/confusion.h"
#include "nn/metrics/f_score.h"
#include "nn/metrics/iou.h"
#include "nn/metrics/mean.h"
#include "nn/metrics/probabilistic.h"
#include "nn/metrics/regression.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

void read(Options& given, const char* name, std::vector<double>& values) {
  const Json* value = given.find(name);
  if (value == nullptr) return;
  values = value->is_array() ? to_numbers(*value) : std::vector{to_number(*value)};
}

// Reads what fields there are; a case with another option fails.
template <class M, class MetricOptions>
MetricRef made(Options& given, MetricOptions o) {
  if constexpr (requires { o.thresholds; }) read(given, "thresholds", o.thresholds);
  if constexpr (requires { o.num_thresholds; }) given.read("num_thresholds", o.num_thresholds);
  if constexpr (requires { o.top_k; }) given.read("top_k", o.top_k);
  if constexpr (requires { o.class_id; }) given.read("class_id", o.class_id);
  if constexpr (requires { o.specificity; }) given.read("specificity", o.specificity);
  if constexpr (requires { o.sensitivity; }) given.read("sensitivity", o.sensitivity);
  if constexpr (requires { o.precision; }) given.read("precision", o.precision);
  if constexpr (requires { o.recall; }) given.read("recall", o.recall);
  if constexpr (requires { o.curve; }) {
    given.read("curve", o.curve).read("summation_method", o.summation_method);
    given.read("multi_label", o.multi_label).read("num_labels", o.num_labels);
    given.read("from_logits", o.from_logits);
    read(given, "label_weights", o.label_weights);
  }
  if constexpr (requires { o.average; }) given.read("average", o.average);
  if constexpr (requires { o.beta; }) given.read("beta", o.beta);
  if constexpr (requires { o.threshold; }) given.read("threshold", o.threshold);
  if constexpr (requires { o.num_classes; }) given.read("num_classes", o.num_classes);
  if constexpr (requires { o.target_class_ids; })
    given.read("target_class_ids", o.target_class_ids);
  if constexpr (requires { o.ignore_class; }) given.read("ignore_class", o.ignore_class);
  if constexpr (requires { o.sparse_y_pred; }) given.read("sparse_y_pred", o.sparse_y_pred);
  if constexpr (requires { o.axis; }) given.read("axis", o.axis);
  if constexpr (requires { o.from_logits; }) given.read("from_logits", o.from_logits);
  if constexpr (requires { o.label_smoothing; }) given.read("label_smoothing", o.label_smoothing);
  if constexpr (requires { o.num_regressors; }) {
    given.read("num_regressors", o.num_regressors);
    const Json* by = given.find("class_aggregation");
    if (by != nullptr) o.class_aggregation = by->is_null() ? "" : by->get<std::string>();
  }
  return M(o);
}

MetricRef made(const std::string& name, const Json& options) {
  using namespace metrics;
  if (options.empty()) return MetricRef(name);  // by name
  Options given(options);
  MetricRef metric;
#define KERATIN_METRIC(type, options_type) \
  if (name == #type) metric = made<type>(given, options_type());
  KERATIN_METRIC(TruePositives, CountOptions)
  KERATIN_METRIC(FalsePositives, CountOptions)
  KERATIN_METRIC(TrueNegatives, CountOptions)
  KERATIN_METRIC(FalseNegatives, CountOptions)
  KERATIN_METRIC(Precision, PrecisionOptions)
  KERATIN_METRIC(Recall, PrecisionOptions)
  KERATIN_METRIC(SensitivityAtSpecificity, SensitivityAtSpecificityOptions)
  KERATIN_METRIC(SpecificityAtSensitivity, SpecificityAtSensitivityOptions)
  KERATIN_METRIC(PrecisionAtRecall, PrecisionAtRecallOptions)
  KERATIN_METRIC(RecallAtPrecision, RecallAtPrecisionOptions)
  KERATIN_METRIC(AUC, AUCOptions)
  KERATIN_METRIC(F1Score, F1ScoreOptions)
  KERATIN_METRIC(FBetaScore, FBetaScoreOptions)
  KERATIN_METRIC(IoU, IoUOptions)
  KERATIN_METRIC(MeanIoU, MeanIoUOptions)
  KERATIN_METRIC(BinaryIoU, BinaryIoUOptions)
  KERATIN_METRIC(OneHotIoU, OneHotIoUOptions)
  KERATIN_METRIC(OneHotMeanIoU, OneHotMeanIoUOptions)
  KERATIN_METRIC(R2Score, R2ScoreOptions)
  KERATIN_METRIC(CosineSimilarity, CosineSimilarityOptions)
  KERATIN_METRIC(BinaryCrossentropy, BinaryCrossentropyOptions)
  KERATIN_METRIC(CategoricalCrossentropy, CategoricalCrossentropyOptions)
  KERATIN_METRIC(SparseCategoricalCrossentropy, SparseCategoricalCrossentropyOptions)
#undef KERATIN_METRIC
  REQUIRE(metric.given());
  given.done();
  return metric;
}

TEST_CASE("golden: metrics that count, after each of several batches") {
  for (const Json& entry : golden("counts")["cases"]) {
    const auto name = entry["name"].get<std::string>();
    CAPTURE(name);
    CAPTURE(entry["options"].dump());
    MetricRef metric = made(name, entry["options"]);
    for (int epoch = 0; epoch < 2; ++epoch) {  // the second as the first: reset_state forgets all
      for (const Json& update : entry["updates"]) {
        const Tensor weight = update.contains("sample_weight")
                                  ? to_tensor(update["sample_weight"], float32)
                                  : Tensor();
        metric.update_state(to_tensor(update["y_true"], float32),
                            to_tensor(update["y_pred"], float32), weight);
        CHECK(difference(metric.result().to_vector<double>(), to_numbers(update["result"]),
                         {1e-5, 2e-6}) == "");
      }
      metric.reset_state();
    }
  }
}

}  // namespace
}  // namespace keratin::tests
