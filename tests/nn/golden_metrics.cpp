#include "nn/loss.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/mean.h"
#include "tests/nn/golden.h"

namespace keratin::tests {
namespace {

MetricRef made(const std::string& name, const Json& options) {
  Options given(options);
  MetricRef metric;
  if (name == "Mean") {
    metric = metrics::Mean();
  } else if (name == "BinaryAccuracy") {
    metrics::BinaryAccuracyOptions o;
    given.read("threshold", o.threshold);
    metric = metrics::BinaryAccuracy(o);
  } else if (name == "TopKCategoricalAccuracy" || name == "SparseTopKCategoricalAccuracy") {
    metrics::TopKOptions o;
    given.read("k", o.k);
    metric = name == "TopKCategoricalAccuracy"
                 ? MetricRef(metrics::TopKCategoricalAccuracy(o))
                 : MetricRef(metrics::SparseTopKCategoricalAccuracy(o));
  } else if (name == "Accuracy") {
    metric = metrics::Accuracy();  // by name "accuracy" would look at the shapes
  } else {
    metric = MetricRef(name);
  }
  given.done();
  return metric;
}

TEST_CASE("golden: metrics after each of several batches") {
  for (const Json& entry : golden("metrics")["cases"]) {
    const auto name = entry["name"].get<std::string>();
    CAPTURE(name);
    CAPTURE(entry["options"].dump());
    MetricRef metric = made(name, entry["options"]);
    MetricRef meant;  // what "accuracy" stands for
    if (entry.contains("resolves_to")) meant = entry["resolves_to"].get<std::string>();
    for (int epoch = 0; epoch < 2; ++epoch) {  // the second as the first: reset_state forgets all
      for (const Json& update : entry["updates"]) {
        CAPTURE(update.dump());
        const Tensor weight = update.contains("sample_weight")
                                  ? to_tensor(update["sample_weight"], float32)
                                  : Tensor();
        if (update.contains("values")) {
          metric.update_state({}, to_tensor(update["values"], float32), weight);
        } else {
          metric.update_state(to_tensor(update["y_true"], float32),
                              to_tensor(update["y_pred"], float32), weight);
        }
        const std::vector<double> result{metric.result().item<double>()};
        CHECK(difference(result, std::vector{to_number(update["result"])}, {2e-6, 1e-6}) == "");
        if (meant.given()) {
          meant.update_state(to_tensor(update["y_true"], float32),
                             to_tensor(update["y_pred"], float32));
          CHECK(meant.result().item<double>() == result[0]);
        }
      }
      metric.reset_state();
      CHECK(metric.result().item<double>() == to_number(entry["after_reset"]));
    }
  }
}

}  // namespace
}  // namespace keratin::tests
