// Convolutions in which each channel has kernels of its own.
#pragma once

#include "nn/activations.h"
#include "nn/layer.h"

namespace keratin::layers {

struct DepthwiseConv1DOptions {
  std::int64_t kernel_size = 0;  // required
  std::int64_t strides = 1;
  std::string padding = "valid";      // or "same"
  std::int64_t depth_multiplier = 1;  // kernels of each channel
  std::string data_format = {};       // channels_last only
  std::int64_t dilation_rate = 1;
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
    f.list_of_one("kernel_size", kernel_size);
    f.list_of_one("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f.list_of_one("dilation_rate", dilation_rate);
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

/// y[.., c m + k] = activation(x[.., c] convolved along time with kernel[.., c, k] + bias), m the
/// depth_multiplier.
/// x: [batch, time, in] -> [batch, time', in m], as many steps as Conv1D's. Weights: kernel [k, in,
/// m], bias [in m]. Throws ValueError for options out of range, strides together with a dilation;
/// ShapeError (rank, channels, sequence shorter than the kernel).
class DepthwiseConv1D : public LayerRef {
 public:
  explicit DepthwiseConv1D(const DepthwiseConv1DOptions& options);
};

struct SeparableConv1DOptions {
  std::int64_t filters = 0;      // required
  std::int64_t kernel_size = 0;  // required
  std::int64_t strides = 1;
  std::string padding = "valid";  // or "same"
  std::string data_format = {};   // channels_last only
  std::int64_t dilation_rate = 1;
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
    f.list_of_one("kernel_size", kernel_size);
    f.list_of_one("strides", strides);
    f("padding", padding);
    f.data_format(data_format);
    f.list_of_one("dilation_rate", dilation_rate);
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

/// A depthwise convolution along time without a bias, then one of a single step over its channels,
/// with bias and activation.   [batch, time, in] -> [batch, time', filters]
/// Weights: depthwise_kernel [k, in, m], pointwise_kernel [1, in m, filters], bias [filters]. Throws
/// as DepthwiseConv1D.
class SeparableConv1D : public LayerRef {
 public:
  explicit SeparableConv1D(const SeparableConv1DOptions& options);
};

}  // namespace keratin::layers
