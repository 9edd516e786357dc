#pragma once

#include "nn/activations.h"
#include "nn/layer.h"
#include "nn/options.h"

namespace keratin::layers {

struct Conv2DOptions {
  std::int64_t filters = 0;  // required
  Size2 kernel_size = {};    // required
  Size2 strides = 1;
  std::string padding = "valid";  // or "same"
  std::string data_format = {};   // channels_last only
  Size2 dilation_rate = 1;
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
    f("kernel_size", kernel_size);
    f("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f("dilation_rate", dilation_rate);
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

/// y = activation(x convolved with kernel + bias), a cross-correlation; see conv2d.
/// x: [batch, height, width, in] -> [batch, height', width', filters]; "valid": floor((n - (k - 1)
/// d - 1) / s) + 1 pixels, "same": ceil(n / s). Weights: kernel [kh, kw, in / groups, filters],
/// bias [filters].
/// Throws ValueError for options out of range, ShapeError (rank, channels, image smaller than the
/// kernel).
class Conv2D : public LayerRef {
 public:
  explicit Conv2D(const Conv2DOptions& options);
};

}  // namespace keratin::layers
