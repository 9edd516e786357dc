#pragma once

#include "nn/loss.h"

namespace keratin::losses {

struct BinaryCrossentropyOptions {
  bool from_logits = false;
  double label_smoothing = 0;  // y becomes y (1 - a) + a / 2
  int axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "binary_crossentropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
    f("axis", axis);
    f("reduction", reduction);
  }
};
/// -(y ln p + (1 - y) ln(1 - p)), averaged over an axis; p is cut to [1e-7, 1 - 1e-7]. From logits
/// z, and where p is the sigmoid of a layer, in the stable form max(z, 0) - z y + ln(1 + e^-|z|).
/// Names: "bce", "binary_crossentropy".
class BinaryCrossentropy : public LossRef {
 public:
  explicit BinaryCrossentropy(const BinaryCrossentropyOptions& options = {});
};

}  // namespace keratin::losses
