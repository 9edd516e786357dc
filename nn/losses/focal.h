// Cross-entropies in which what is predicted well counts little. Source: Lin et al. 2018.
#pragma once

#include "nn/loss.h"

namespace keratin::losses {

struct BinaryFocalCrossentropyOptions {
  bool apply_class_balancing = false;
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;  // y becomes y (1 - a) + a / 2
  int axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "binary_focal_crossentropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("apply_class_balancing", apply_class_balancing);
    f("alpha", alpha);
    f("gamma", gamma);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
    f("axis", axis);
    f("reduction", reduction);
  }
};
/// (1 - p_t)^gamma times the binary cross-entropy, averaged over an axis, with p_t = y p + (1 - y)
/// (1 - p); with class balancing times y alpha + (1 - y) (1 - alpha). From logits, and where p is
/// the sigmoid of a layer, the cross-entropy is computed in its stable form.
class BinaryFocalCrossentropy : public LossRef {
 public:
  explicit BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options = {});
};

struct CategoricalFocalCrossentropyOptions {
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;  // y becomes y (1 - a) + a / classes
  int axis = -1;
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_focal_crossentropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("alpha", alpha);
    f("gamma", gamma);
    f("from_logits", from_logits);
    f("label_smoothing", label_smoothing);
    f("axis", axis);
    f("reduction", reduction);
  }
};
/// -sum of alpha (1 - p)^gamma y ln p over the classes, for one-hot y; p is scaled to sum 1 and cut
/// to [1e-7, 1 - 1e-7].
class CategoricalFocalCrossentropy : public LossRef {
 public:
  explicit CategoricalFocalCrossentropy(const CategoricalFocalCrossentropyOptions& options = {});
};

struct CategoricalGeneralizedCrossEntropyOptions {
  double q = 0.5;  // 0 to 1, both exclusive
  std::string reduction = "sum_over_batch_size";
  std::string name = "categorical_generalized_cross_entropy";
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("q", q);
    f("reduction", reduction);
  }
};
/// (1 - p_y^q) / q for class numbers y: y_true [...] or [..., 1], y_pred [..., classes] of
/// probabilities. Less moved by wrong labels than cross-entropy. Throws ValueError for a class
/// number out of range. Source: Zhang and Sabuncu 2018.
class CategoricalGeneralizedCrossEntropy : public LossRef {
 public:
  explicit CategoricalGeneralizedCrossEntropy(
      const CategoricalGeneralizedCrossEntropyOptions& options = {});
};

}  // namespace keratin::losses
