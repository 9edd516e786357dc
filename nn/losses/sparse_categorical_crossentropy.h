#pragma once

#include <cstdint>
#include <optional>

#include "nn/loss.h"

namespace keratin::losses {

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  std::string reduction = "sum_over_batch_size";
  int axis = -1;  // the last one only
  std::string name = "sparse_categorical_crossentropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("from_logits", from_logits);
    f("ignore_class", ignore_class);
    f("reduction", reduction);
    f("axis", axis);
  }
};
/// -ln p[y] for class numbers y: y_true [...] or [..., 1] of any number type, y_pred [...,
/// classes]. p is scaled to sum 1 and cut to [1e-7, 1 - 1e-7]; from logits, and where p is the
/// softmax of a layer, computed as log-softmax. Samples of `ignore_class` count nothing, and do not
/// count in the mean. Throws ValueError for a class number out of range, before anything is
/// changed.
class SparseCategoricalCrossentropy : public LossRef {
 public:
  explicit SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {});
};

}  // namespace keratin::losses
