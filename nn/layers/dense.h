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

  void fields(Fields& f) {
    f("units", units);
    f("activation", activation);
    f("use_bias", use_bias);
    f("kernel_initializer", kernel_initializer);
    f("bias_initializer", bias_initializer);
    f("kernel_regularizer", kernel_regularizer);
    f("bias_regularizer", bias_regularizer);
    f.if_given("activity_regularizer", activity_regularizer);
    f("kernel_constraint", kernel_constraint);
    f("bias_constraint", bias_constraint);
  }
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
