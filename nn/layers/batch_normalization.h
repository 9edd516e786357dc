#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct BatchNormalizationOptions {
  int axis = -1;  // of the channels
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Initializer moving_mean_initializer = "zeros";
  Initializer moving_variance_initializer = "ones";
  Regularizer beta_regularizer = {};
  Regularizer gamma_regularizer = {};
  Constraint beta_constraint = {};
  Constraint gamma_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("axis", axis);
    f("momentum", momentum);
    f("epsilon", epsilon);
    f("center", center);
    f("scale", scale);
    f("beta_initializer", beta_initializer);
    f("gamma_initializer", gamma_initializer);
    f("moving_mean_initializer", moving_mean_initializer);
    f("moving_variance_initializer", moving_variance_initializer);
    f("beta_regularizer", beta_regularizer);
    f("gamma_regularizer", gamma_regularizer);
    f("beta_constraint", beta_constraint);
    f("gamma_constraint", gamma_constraint);
    f.only("renorm_momentum", 0.99);
  }
};

/// Normalizes each channel.   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
/// In training, mean and biased variance are the batch's, over all axes but `axis`, and
///   moving = moving momentum + batch (1 - momentum);
/// at inference, and always where the layer is frozen, they are the moving ones. Where the input
/// carries a mask, of one axis less, the batch's are those of what it counts.
/// Weights: gamma, beta, and not trainable: moving_mean, moving_variance; each [channels].
/// Throws ShapeError (no such axis, unknown or other number of channels).
/// Source: Ioffe and Szegedy 2015, algorithm 1.
class BatchNormalization : public LayerRef {
 public:
  explicit BatchNormalization(const BatchNormalizationOptions& options = {});
};

}  // namespace keratin::layers
