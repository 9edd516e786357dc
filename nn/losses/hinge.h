// Losses with a margin: what is right by more than that costs nothing.
#pragma once

#include "nn/loss.h"

namespace keratin::losses {

/// max(1 - y p, 0), averaged over the last axis, for y of -1 and 1. A batch whose targets are all 0
/// or 1 is taken as -1 and 1. Name: "hinge".
class Hinge : public LossRef {
 public:
  explicit Hinge(const LossOptions& options = {});
};

/// max(1 - y p, 0)^2, likewise. Name: "squared_hinge".
class SquaredHinge : public LossRef {
 public:
  explicit SquaredHinge(const LossOptions& options = {});
};

/// max(largest (1 - y) p - sum of y p + 1, 0) over the last axis, for one-hot y. Name:
/// "categorical_hinge".
class CategoricalHinge : public LossRef {
 public:
  explicit CategoricalHinge(const LossOptions& options = {});
};

}  // namespace keratin::losses
