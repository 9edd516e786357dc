#pragma once

#include <cstdint>
#include <string>

#include "nn/activations.h"
#include "nn/layer.h"
#include "nn/options.h"

namespace keratin::layers {

struct Conv2DTransposeOptions {
  std::int64_t filters = 0;  // required
  Size2 kernel_size = {};    // required
  Size2 strides = 1;
  std::string padding = "valid";  // or "same"
  Size2 output_padding = {};      // below strides; not given: what the strides ask for
  std::string data_format = {};   // channels_last only
  Size2 dilation_rate = 1;
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
    f("output_padding", output_padding);
    f.data_format(data_format);
    f("dilation_rate", dilation_rate);
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

/// y = activation(the transpose of a convolution of x + bias): images grow by their strides; see
/// conv2d_transpose.
/// x: [batch, height, width, in] -> [batch, height', width', filters]; with e = (k - 1) d + 1 and an
/// output_padding o: "valid" (n - 1) s + max(e, s) pixels, or (n - 1) s + e + o; "same" n s, or
/// (n - 1) s + e mod 2 + o. Weights: kernel [kh, kw, filters, in], bias [filters].
/// Throws ValueError for options out of range, strides together with a dilation among them;
/// ShapeError (rank, channels). Source: Zeiler et al. 2010, "Deconvolutional networks".
class Conv2DTranspose : public LayerRef {
 public:
  explicit Conv2DTranspose(const Conv2DTransposeOptions& options);
};

}  // namespace keratin::layers
