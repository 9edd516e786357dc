#include "nn/layers/depthwise_conv1d.h"

#include "autograd/ops/conv2d.h"
#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

// The depthwise part, and the checks, of both layers.
template <class Options>
class Depthwise1DLayer : public ConfiguredLayer<Options> {
 public:
  void check_inputs(const std::vector<Spec>& inputs) const override {
    this->require_rank(inputs, 3, "[batch, time, channels]");
    this->require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[1] : None);
    const std::int64_t steps = output_steps(inputs[0].shape);
    if (steps < 1 && steps != None) {
      throw ShapeError(
          fmt::format("{}: input is {}, shorter than the kernel, {}{}; use padding \"same\"",
                      this->label(), inputs[0].text(), this->options_.kernel_size,
                      this->options_.dilation_rate > 1 ? " dilated" : ""));
    }
  }

 protected:
  Depthwise1DLayer(const char* class_name, const Options& options)
      : ConfiguredLayer<Options>(class_name, options) {
    const Options& o = this->options_;
    require_channels_last(class_name, o.data_format);
    require_padding(class_name, o.padding);
    require_positive(class_name, o.kernel_size, o.strides, o.dilation_rate);
    if (o.depth_multiplier < 1) {
      throw ValueError(fmt::format("{}: depth_multiplier is {}; expected at least 1", class_name,
                                   o.depth_multiplier));
    }
    require_one_step(class_name, o.strides, o.dilation_rate);
  }

  void build_kernel(const Shape& input, const char* name) {
    const Options& o = this->options_;
    kernel_ = this->add_weight({.shape = {o.kernel_size, input[2], o.depth_multiplier},
                                .initializer = o.depthwise_initializer,
                                .regularizer = o.depthwise_regularizer,
                                .constraint = o.depthwise_constraint,
                                .name = name});
  }

  Spec output_spec(const Spec& input, std::int64_t channels) const {
    const Shape& in = input.shape;
    return this->floating_spec({{in[0], output_steps(in), channels}, input.dtype, {}});
  }

  // A sequence is an image of one row; a group a channel: kernel [k, in, m] is [1, k, 1, in m] in
  // memory. Gives [batch, 1, time', in m].
  Variable depthwise(const Variable& input, const Variable& bias, kernels::Activation activation) {
    const auto& o = this->options_;
    const Variable x = this->as_floating(input);
    const std::int64_t in = kernel_.shape()[1], m = kernel_.shape()[2];
    return conv2d(reshape(x, {x.shape()[0], 1, x.shape()[1], in}),
                  reshape(kernel_, {1, o.kernel_size, 1, in * m}), bias,
                  {.strides = {1, o.strides},
                   .padding = o.padding,
                   .dilation_rate = {1, o.dilation_rate},
                   .groups = in,
                   .activation = activation});
  }
  static Variable without_rows(const Variable& y) {
    return reshape(y, {y.shape()[0], y.shape()[2], y.shape()[3]});
  }

  Variable kernel_, bias_;

 private:
  std::int64_t output_steps(const Shape& in) const {
    const auto& o = this->options_;
    return windows_along(in[1], o.kernel_size, o.strides, o.dilation_rate, o.padding);
  }
};

class DepthwiseConv1DLayer final : public Depthwise1DLayer<DepthwiseConv1DOptions> {
 public:
  explicit DepthwiseConv1DLayer(const DepthwiseConv1DOptions& options)
      : Depthwise1DLayer("DepthwiseConv1D", options) {}

  void build(const Shape& input) override {
    build_kernel(input, "kernel");
    bias_ = add_bias(input[2] * options_.depth_multiplier);
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {output_spec(inputs[0], inputs[0].shape[2] * options_.depth_multiplier)};
  }
  Variable call(const Variable& x, CallContext) override {
    const bool relu = options_.activation.name() == "relu";
    const Variable y = without_rows(
        depthwise(x, bias_, relu ? kernels::Activation::relu : kernels::Activation::linear));
    return relu ? y : options_.activation(y);
  }
};

class SeparableConv1DLayer final : public Depthwise1DLayer<SeparableConv1DOptions> {
 public:
  explicit SeparableConv1DLayer(const SeparableConv1DOptions& options)
      : Depthwise1DLayer("SeparableConv1D", options) {
    require_filters("SeparableConv1D", options.filters);
  }

  void build(const Shape& input) override {
    build_kernel(input, "depthwise_kernel");
    pointwise_ = add_weight({.shape = {1, input[2] * options_.depth_multiplier, options_.filters},
                             .initializer = options_.pointwise_initializer,
                             .regularizer = options_.pointwise_regularizer,
                             .constraint = options_.pointwise_constraint,
                             .name = "pointwise_kernel"});
    bias_ = add_bias(options_.filters);
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {output_spec(inputs[0], options_.filters)};
  }
  Variable call(const Variable& x, CallContext) override {
    const bool relu = options_.activation.name() == "relu";
    const Variable y = without_rows(
        conv2d(depthwise(x, {}, kernels::Activation::linear),
               reshape(pointwise_, Shape{1}.joined(pointwise_.shape())), bias_,
               {.activation = relu ? kernels::Activation::relu : kernels::Activation::linear}));
    return relu ? y : options_.activation(y);
  }

 private:
  Variable pointwise_;
};

}  // namespace

DepthwiseConv1D::DepthwiseConv1D(const DepthwiseConv1DOptions& options)
    : LayerRef(std::make_shared<DepthwiseConv1DLayer>(options)) {}
SeparableConv1D::SeparableConv1D(const SeparableConv1DOptions& options)
    : LayerRef(std::make_shared<SeparableConv1DLayer>(options)) {}

}  // namespace keratin::layers
