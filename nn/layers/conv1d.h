#pragma once

#include <cstdint>

#include "nn/activations.h"
#include "nn/layer.h"

namespace keratin::layers {

struct Conv1DOptions {
  std::int64_t filters = 0;      // required
  std::int64_t kernel_size = 0;  // required
  std::int64_t strides = 1;
  std::string padding = "valid";  // "same", or "causal"
  std::string data_format = {};   // channels_last only
  std::int64_t dilation_rate = 1;
  std::int64_t groups = 1;
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
    f("filters", filters);
    f.list_of_one("kernel_size", kernel_size);
    f.list_of_one("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f.list_of_one("dilation_rate", dilation_rate);
    f("groups", groups);
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

/// y = activation(x convolved with kernel along time + bias), a cross-correlation; see conv2d.
/// x: [batch, time, in] -> [batch, time', filters]; "valid": floor((t - (k - 1) d - 1) / s) + 1
/// steps, "same" and "causal": ceil(t / s). "causal" pads d (k - 1) zeros before the first step
/// only, so that no step sees a later one. Weights: kernel [k, in / groups, filters], bias
/// [filters].
/// Throws ValueError for options out of range, ShapeError (rank, channels, sequence shorter than
/// the kernel).
class Conv1D : public LayerRef {
 public:
  explicit Conv1D(const Conv1DOptions& options);
};

}  // namespace keratin::layers
