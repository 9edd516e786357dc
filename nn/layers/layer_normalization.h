#pragma once

#include "nn/layer.h"

namespace keratin::layers {

struct LayerNormalizationOptions {
  Axes axis = -1;  // one, or several: {-2, -1}
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

/// Normalizes each sample by itself, over `axis`, in training as at inference.
///   y = gamma (x - mean) / sqrt(variance + epsilon) + beta, the variance biased
/// x: any shape of rank >= 2; same shape. Weights: gamma, beta, of the sizes of these axes, in
/// order. Throws ShapeError (no such axis, the batch axis, unknown or other sizes).
/// Source: Ba, Kiros and Hinton 2016.
class LayerNormalization : public LayerRef {
 public:
  explicit LayerNormalization(const LayerNormalizationOptions& options = {});
};

struct RMSNormalizationOptions {
  Axes axis = -1;
  double epsilon = 1e-6;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("axis", axis);
    f("epsilon", epsilon);
  }
};

/// y = scale x / sqrt(mean of x^2 over `axis` + epsilon). Same shape; weight: scale, of the sizes
/// of these axes. Drops masks, as in Keras. Throws as LayerNormalization does.
/// Source: Zhang and Sennrich 2019.
class RMSNormalization : public LayerRef {
 public:
  explicit RMSNormalization(const RMSNormalizationOptions& options = {});
};

struct UnitNormalizationOptions {
  Axes axis = -1;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) { f("axis", axis); }
};

/// Scales to length 1 along `axis`.   y = x / sqrt(max(sum of x^2, 1e-24))
/// Any shape; same shape. Throws ShapeError (no such axis).
class UnitNormalization : public LayerRef {
 public:
  explicit UnitNormalization(const UnitNormalizationOptions& options = {});
};

}  // namespace keratin::layers
