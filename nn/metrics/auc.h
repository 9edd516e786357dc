#pragma once

#include <optional>
#include <vector>

#include "nn/metric.h"

namespace keratin::metrics {

struct AUCOptions {
  int num_thresholds = 200;
  std::string curve = "ROC";                       // "PR", "PRGAIN"
  std::string summation_method = "interpolation";  // "minoring", "majoring"
  std::string name = {};
  DTypePolicy dtype = {};
  std::vector<double> thresholds = {};  // 0 to 1, instead of num_thresholds
  bool multi_label = false;             // one curve a label, [batch, labels]; the mean of them
  std::optional<int> num_labels = {};
  std::vector<double> label_weights = {};
  bool from_logits = false;  // predictions are put through a sigmoid first

  void fields(Fields& f) {
    f("name", name);
    f("num_thresholds", num_thresholds);
    f("curve", curve);
    f("summation_method", summation_method);
    f("thresholds", thresholds);
    f("multi_label", multi_label);
    f("num_labels", num_labels);
    f("label_weights", label_weights);
    f("from_logits", from_logits);
  }
};
/// The area under a curve of rates at evenly spaced thresholds: an approximation, the better the
/// more thresholds.
///   ROC: recall over tn / (tn + fp); PR: precision over recall, interpolated as Davis and Goadrich
///   2006 do; PRGAIN: gains of precision over gains of recall, as Flach and Kull 2015
/// y_true: 0 or 1; y_pred: of the same shape, probabilities. Time grows with the predictions, not
/// with the thresholds. Masks are not read, as in Keras. Throws ValueError for options out of range,
/// ShapeError.
class AUC : public MetricRef {
 public:
  explicit AUC(const AUCOptions& options = {});
};

}  // namespace keratin::metrics
