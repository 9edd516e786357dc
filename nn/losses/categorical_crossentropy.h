#pragma once

#include "nn/loss.h"

namespace keratin::losses {

struct CategoricalCrossentropyOptions {
  bool from_logits = false;
  double label_smoothing = 0;  // y becomes y (1 - a) + a / classes
  int axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_crossentropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
    f("axis", axis);
    f("reduction", reduction);
  }
};
/// -sum y ln p over the classes, for targets given as probabilities (one-hot). p is scaled to sum 1
/// and cut to [1e-7, 1 - 1e-7]; from logits, and where p is the softmax of a layer, computed as
/// log-softmax. Shapes must be the same.
class CategoricalCrossentropy : public LossRef {
 public:
  explicit CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {});
};

}  // namespace keratin::losses
