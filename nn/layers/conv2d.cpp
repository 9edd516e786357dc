#include "nn/layers/conv2d.h"

#include "autograd/ops/conv2d.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

class Conv2DLayer final : public ConfiguredLayer<Conv2DOptions> {
 public:
  explicit Conv2DLayer(const Conv2DOptions& options) : ConfiguredLayer("Conv2D", options) {
    const Conv2DOptions& o = options_;
    require_channels_last("Conv2D", o.data_format);
    require_padding("Conv2D", o.padding);
    window_ = positive_sizes("Conv2D", "kernel_size", o.kernel_size);
    strides_ = positive_sizes("Conv2D", "strides", o.strides);
    dilation_ = positive_sizes("Conv2D", "dilation_rate", o.dilation_rate);
    if (o.filters < 1 || o.groups < 1 || o.filters % o.groups != 0) {
      throw ValueError(fmt::format(
          "Conv2D: filters is {}, groups {}; expected at least 1, filters a multiple of groups",
          o.filters, o.groups));
    }
    require_one_step("Conv2D", strides_, dilation_);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
    require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[2] * options_.groups : None);
    const Shape& in = inputs[0].shape;
    if (in[3] % options_.groups != 0) {
      throw ShapeError(fmt::format("{}: input is {}; its channels must be a multiple of groups, {}",
                                   label(), inputs[0].text(), options_.groups));
    }
    const Shape out = output_shape(in);
    if ((out[1] < 1 && out[1] != None) || (out[2] < 1 && out[2] != None)) {
      throw ShapeError(
          fmt::format("{}: input is {}, smaller than the kernel, ({}, {}){}; use padding \"same\"",
                      label(), inputs[0].text(), window_[0], window_[1],
                      options_.dilation_rate.height() > 1 ? " dilated" : ""));
    }
  }

  void build(const Shape& input) override {
    kernel_ = add_kernel({window_[0], window_[1], input[3] / options_.groups, options_.filters});
    bias_ = add_bias(options_.filters);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({output_shape(inputs[0].shape), inputs[0].dtype, {}})};
  }

  Variable call(const Variable& x, CallContext) override {
    const bool relu = options_.activation.name() == "relu";
    const Variable y =
        conv2d(as_floating(x), kernel_, bias_,
               {.strides = strides_,
                .padding = options_.padding,
                .dilation_rate = dilation_,
                .groups = options_.groups,
                .activation = relu ? kernels::Activation::relu : kernels::Activation::linear});
    return relu ? y : options_.activation(y);
  }

 private:
  Shape output_shape(const Shape& in) const {
    const auto along = [&](std::size_t i) {
      return windows_along(in[static_cast<std::int64_t>(i) + 1], window_[i], strides_[i],
                           dilation_[i], options_.padding);
    };
    return {in[0], along(0), along(1), options_.filters};
  }

  std::array<std::int64_t, 2> window_, strides_, dilation_;
  Variable kernel_, bias_;
};

}  // namespace

Conv2D::Conv2D(const Conv2DOptions& options) : LayerRef(std::make_shared<Conv2DLayer>(options)) {}

}  // namespace keratin::layers
