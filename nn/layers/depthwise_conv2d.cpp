#include "nn/layers/depthwise_conv2d.h"

#include "autograd/ops/conv2d.h"
#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

// The depthwise part, and the checks, of both layers.
template <class Options>
class DepthwiseLayer : public ConfiguredLayer<Options> {
 public:
  void check_inputs(const std::vector<Spec>& inputs) const override {
    this->require_rank(inputs, 4, "[batch, height, width, channels]");
    this->require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[2] : None);
    const Shape& in = inputs[0].shape;
    const std::int64_t height = along(in, 0), width = along(in, 1);
    if ((height < 1 && height != None) || (width < 1 && width != None)) {
      throw ShapeError(
          fmt::format("{}: input is {}, smaller than the kernel, ({}, {}); use padding \"same\"",
                      this->label(), inputs[0].text(), window_[0], window_[1]));
    }
  }

 protected:
  DepthwiseLayer(const char* class_name, const Options& options)
      : ConfiguredLayer<Options>(class_name, options) {
    const Options& o = this->options_;
    require_channels_last(class_name, o.data_format);
    require_padding(class_name, o.padding);
    window_ = positive_sizes(class_name, "kernel_size", o.kernel_size);
    strides_ = positive_sizes(class_name, "strides", o.strides);
    dilation_ = positive_sizes(class_name, "dilation_rate", o.dilation_rate);
    if (o.depth_multiplier < 1) {
      throw ValueError(fmt::format("{}: depth_multiplier is {}; expected at least 1", class_name,
                                   o.depth_multiplier));
    }
    require_one_step(class_name, strides_, dilation_);
  }

  void build_kernel(const Shape& input, const char* name) {
    const Options& o = this->options_;
    kernel_ = this->add_weight({.shape = {window_[0], window_[1], input[3], o.depth_multiplier},
                                .initializer = o.depthwise_initializer,
                                .regularizer = o.depthwise_regularizer,
                                .constraint = o.depthwise_constraint,
                                .name = name});
  }

  Spec output_spec(const Spec& input, std::int64_t channels) const {
    const Shape& in = input.shape;
    return this->floating_spec({{in[0], along(in, 0), along(in, 1), channels}, input.dtype, {}});
  }

  // A group a channel: kernel [kh, kw, in, m] is [kh, kw, 1, in m] in memory.
  Variable depthwise(const Variable& x, const Variable& bias, kernels::Activation activation) {
    const std::int64_t in = kernel_.shape()[2], m = kernel_.shape()[3];
    return conv2d(this->as_floating(x), reshape(kernel_, {window_[0], window_[1], 1, in * m}), bias,
                  {.strides = strides_,
                   .padding = this->options_.padding,
                   .dilation_rate = dilation_,
                   .groups = in,
                   .activation = activation});
  }

  Variable kernel_, bias_;

 private:
  std::int64_t along(const Shape& in, std::size_t i) const {
    return windows_along(in[static_cast<std::int64_t>(i) + 1], window_[i], strides_[i],
                         dilation_[i], this->options_.padding);
  }

  std::array<std::int64_t, 2> window_, strides_, dilation_;
};

class DepthwiseConv2DLayer final : public DepthwiseLayer<DepthwiseConv2DOptions> {
 public:
  explicit DepthwiseConv2DLayer(const DepthwiseConv2DOptions& options)
      : DepthwiseLayer("DepthwiseConv2D", options) {}

  void build(const Shape& input) override {
    build_kernel(input, "kernel");
    bias_ = add_bias(input[3] * options_.depth_multiplier);
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {output_spec(inputs[0], inputs[0].shape[3] * options_.depth_multiplier)};
  }
  Variable call(const Variable& x, CallContext) override {
    const bool relu = options_.activation.name() == "relu";
    const Variable y =
        depthwise(x, bias_, relu ? kernels::Activation::relu : kernels::Activation::linear);
    return relu ? y : options_.activation(y);
  }
};

class SeparableConv2DLayer final : public DepthwiseLayer<SeparableConv2DOptions> {
 public:
  explicit SeparableConv2DLayer(const SeparableConv2DOptions& options)
      : DepthwiseLayer("SeparableConv2D", options) {
    require_filters("SeparableConv2D", options.filters);
  }

  void build(const Shape& input) override {
    build_kernel(input, "depthwise_kernel");
    pointwise_ =
        add_weight({.shape = {1, 1, input[3] * options_.depth_multiplier, options_.filters},
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
    const Variable y =
        conv2d(depthwise(x, {}, kernels::Activation::linear), pointwise_, bias_,
               {.activation = relu ? kernels::Activation::relu : kernels::Activation::linear});
    return relu ? y : options_.activation(y);
  }

 private:
  Variable pointwise_;
};

}  // namespace

DepthwiseConv2D::DepthwiseConv2D(const DepthwiseConv2DOptions& options)
    : LayerRef(std::make_shared<DepthwiseConv2DLayer>(options)) {}
SeparableConv2D::SeparableConv2D(const SeparableConv2DOptions& options)
    : LayerRef(std::make_shared<SeparableConv2DLayer>(options)) {}

}  // namespace keratin::layers
