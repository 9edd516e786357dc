// Convolutions in which each channel has kernels of its own.
#pragma once

#include "nn/activations.h"
#include "nn/layer.h"
#include "nn/options.h"

namespace keratin::layers {

struct DepthwiseConv2DOptions {
  Size2 kernel_size = {};  // required
  Size2 strides = 1;
  std::string padding = "valid";      // or "same"
  std::int64_t depth_multiplier = 1;  // kernels of each channel
  std::string data_format = {};       // channels_last only
  Size2 dilation_rate = 1;
  keratin::Activation activation = {};
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("depth_multiplier", depth_multiplier);
    f("kernel_size", kernel_size);
    f("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f("dilation_rate", dilation_rate);
    f("activation", activation);
    f("use_bias", use_bias);
    f("depthwise_initializer", depthwise_initializer);
    f("bias_initializer", bias_initializer);
    f("depthwise_regularizer", depthwise_regularizer);
    f("bias_regularizer", bias_regularizer);
    f.if_given("activity_regularizer", activity_regularizer);
    f("depthwise_constraint", depthwise_constraint);
    f("bias_constraint", bias_constraint);
  }
};

/// y[.., c m + k] = activation(x[.., c] convolved with kernel[.., c, k] + bias), m the
/// depth_multiplier.
/// x: [batch, height, width, in] -> [batch, height', width', in m], sizes as Conv2D's.
/// Weights: kernel [kh, kw, in, m], bias [in m]. Throws ValueError for options out of range, strides
/// together with a dilation; ShapeError (rank, channels, image smaller than the kernel).
/// Source: Sifre 2014, section 6.2.
class DepthwiseConv2D : public LayerRef {
 public:
  explicit DepthwiseConv2D(const DepthwiseConv2DOptions& options);
};

struct SeparableConv2DOptions {
  std::int64_t filters = 0;  // required
  Size2 kernel_size = {};    // required
  Size2 strides = 1;
  std::string padding = "valid";  // or "same"
  std::string data_format = {};   // channels_last only
  Size2 dilation_rate = 1;
  std::int64_t depth_multiplier = 1;
  keratin::Activation activation = {};
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer pointwise_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer = {};
  Regularizer pointwise_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint depthwise_constraint = {};
  Constraint pointwise_constraint = {};
  Constraint bias_constraint = {};
  bool trainable = true;
  DTypePolicy dtype = {};
  std::string name = {};

  void fields(Fields& f) {
    f("depth_multiplier", depth_multiplier);
    f("filters", filters);
    f("kernel_size", kernel_size);
    f("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f("dilation_rate", dilation_rate);
    f("activation", activation);
    f("use_bias", use_bias);
    f("depthwise_initializer", depthwise_initializer);
    f("pointwise_initializer", pointwise_initializer);
    f("bias_initializer", bias_initializer);
    f("depthwise_regularizer", depthwise_regularizer);
    f("pointwise_regularizer", pointwise_regularizer);
    f("bias_regularizer", bias_regularizer);
    f.if_given("activity_regularizer", activity_regularizer);
    f("depthwise_constraint", depthwise_constraint);
    f("pointwise_constraint", pointwise_constraint);
    f("bias_constraint", bias_constraint);
  }
};

/// A depthwise convolution without a bias, then one of 1x1 over its channels, with bias and
/// activation.   [batch, height, width, in] -> [batch, height', width', filters]
/// Weights: depthwise_kernel [kh, kw, in, m], pointwise_kernel [1, 1, in m, filters], bias
/// [filters]. Throws as DepthwiseConv2D. Source: Chollet 2017, section 2.
class SeparableConv2D : public LayerRef {
 public:
  explicit SeparableConv2D(const SeparableConv2DOptions& options);
};

}  // namespace keratin::layers
