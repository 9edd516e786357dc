#pragma once

#include "nn/activations.h"
#include "nn/layer.h"

namespace keratin::layers {

struct DenseOptions {
  std::int64_t units = 0;  // required
  keratin::Activation activation = {};
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};
};

/// y = activation(x kernel + bias), over the last axis.
/// x: [batch, ..., in] -> [batch, ..., units]. Weights: kernel [in, units], bias [units].
/// Throws ValueError (units), ShapeError (rank below 2, unknown or other last axis).
///
///     auto y = layers::Dense({.units = 10, .activation = "softmax"})(x);
class Dense : public LayerRef {
 public:
  explicit Dense(const DenseOptions& options);
};

}  // namespace keratin::layers
