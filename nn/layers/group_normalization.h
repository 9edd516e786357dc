#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct GroupNormalizationOptions {
  std::int64_t groups = 32;  // -1: as many as channels
  int axis = -1;             // of the channels
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("groups", groups);
    f("axis", axis);
    f("epsilon", epsilon);
    f("center", center);
    f("scale", scale);
    f("beta_initializer", beta_initializer);
    f("gamma_initializer", gamma_initializer);
    f("beta_regularizer", beta_regularizer);
    f("gamma_regularizer", gamma_regularizer);
    f("beta_constraint", beta_constraint);
    f("gamma_constraint", gamma_constraint);
  }
};

/// Normalizes each group of channels of each sample, over all its axes, in training as at
/// inference.   y = gamma (x - mean) / sqrt(variance + epsilon) + beta, the variance biased
/// x: [batch, ..., channels]; same shape. Weights: gamma, beta [channels]. Throws ValueError
/// (groups), ShapeError (rank, channels unknown, other, or no multiple of groups).
/// Source: Wu and He 2018.
class GroupNormalization : public LayerRef {
 public:
  explicit GroupNormalization(const GroupNormalizationOptions& options = {});
};

}  // namespace keratin::layers
