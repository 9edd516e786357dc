#include "nn/layers/conv1d.h"

#include "autograd/ops/conv2d.h"
#include "autograd/ops/pad.h"
#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

class Conv1DLayer final : public ConfiguredLayer<Conv1DOptions> {
 public:
  explicit Conv1DLayer(const Conv1DOptions& options) : ConfiguredLayer("Conv1D", options) {
    const Conv1DOptions& o = options_;
    require_channels_last("Conv1D", o.data_format);
    if (o.padding != "valid" && o.padding != "same" && o.padding != "causal") {
      throw ValueError(fmt::format(
          "Conv1D: padding is \"{}\"; expected \"valid\", \"same\" or \"causal\"", o.padding));
    }
    require_positive("Conv1D", o.kernel_size, o.strides, o.dilation_rate);
    if (o.filters < 1 || o.groups < 1 || o.filters % o.groups != 0) {
      throw ValueError(fmt::format(
          "Conv1D: filters is {}, groups {}; expected at least 1, filters a multiple of groups",
          o.filters, o.groups));
    }
    require_one_step("Conv1D", o.strides, o.dilation_rate);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
    require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[1] * options_.groups : None);
    const Shape& in = inputs[0].shape;
    if (in[2] % options_.groups != 0) {
      throw ShapeError(fmt::format("{}: input is {}; its channels must be a multiple of groups, {}",
                                   label(), inputs[0].text(), options_.groups));
    }
    if (const std::int64_t steps = output_steps(in[1]); steps < 1 && steps != None) {
      throw ShapeError(fmt::format(
          "{}: input is {}, shorter than the kernel, {}{}; use padding \"same\" or \"causal\"",
          label(), inputs[0].text(), options_.kernel_size,
          options_.dilation_rate > 1 ? " dilated" : ""));
    }
  }

  void build(const Shape& input) override {
    kernel_ = add_kernel({options_.kernel_size, input[2] / options_.groups, options_.filters});
    bias_ = add_bias(options_.filters);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    return {floating_spec({{in[0], output_steps(in[1]), options_.filters}, inputs[0].dtype, {}})};
  }

  // A sequence is an image of one row.
  Variable call(const Variable& input, CallContext) override {
    const Conv1DOptions& o = options_;
    Variable x = as_floating(input);
    if (causal()) x = pad(x, {{}, {o.dilation_rate * (o.kernel_size - 1), 0}, {}});
    const bool relu = o.activation.name() == "relu";
    const Variable y =
        conv2d(reshape(x, {x.shape()[0], 1, x.shape()[1], x.shape()[2]}),
               reshape(kernel_, Shape{1}.joined(kernel_.shape())), bias_,
               {.strides = {1, o.strides},
                .padding = causal() ? "valid" : o.padding,
                .dilation_rate = {1, o.dilation_rate},
                .groups = o.groups,
                .activation = relu ? kernels::Activation::relu : kernels::Activation::linear});
    const Variable steps = reshape(y, {y.shape()[0], y.shape()[2], y.shape()[3]});
    return relu ? steps : o.activation(steps);
  }

 private:
  bool causal() const { return options_.padding == "causal"; }
  std::int64_t output_steps(std::int64_t steps) const {
    return windows_along(steps, options_.kernel_size, options_.strides, options_.dilation_rate,
                         causal() ? "same" : options_.padding);  // as many, padded elsewhere
  }

  Variable kernel_, bias_;
};

}  // namespace

Conv1D::Conv1D(const Conv1DOptions& options) : LayerRef(std::make_shared<Conv1DLayer>(options)) {}

}  // namespace keratin::layers
