// Losses for masks of images: how little two areas overlap.
#pragma once

#include "nn/loss.h"

namespace keratin::losses {

struct DiceOptions {
  std::string reduction = "sum_over_batch_size";
  std::string name = "dice";
  Axes axis = {};  // sums are over these; over everything, the batch too, unless given
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("reduction", reduction);
    f("axis", axis);
  }
};
/// 1 - 2 sum of y p / (sum of y + sum of p + 1e-7). Without an axis one value for the whole batch:
/// then neither sample_weight nor a mask has a meaning, and they are refused. Name: "dice".
/// Throws ShapeError.
class Dice : public LossRef {
 public:
  explicit Dice(const DiceOptions& options = {});
};

struct TverskyOptions {
  double alpha = 0.5;
  double beta = 0.5;
  std::string reduction = "sum_over_batch_size";
  std::string name = "tversky";
  Axes axis = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("alpha", alpha);
    f("beta", beta);
    f("reduction", reduction);
    f("axis", axis);
  }
};
/// 1 - s / (s + alpha sum of (1 - p) y + beta sum of p (1 - y) + 1e-7), s the sum of y p: as Keras
/// computes it, alpha weighs what was missed. 0.5 and 0.5 is Dice. Name: "tversky".
class Tversky : public LossRef {
 public:
  explicit Tversky(const TverskyOptions& options = {});
};

}  // namespace keratin::losses
