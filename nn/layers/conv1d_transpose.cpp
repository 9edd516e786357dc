#include "nn/layers/conv1d_transpose.h"

#include "autograd/ops/conv2d_transpose.h"
#include "autograd/ops/reshape.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/transposed.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

class Conv1DTransposeLayer final : public ConfiguredLayer<Conv1DTransposeOptions> {
 public:
  explicit Conv1DTransposeLayer(const Conv1DTransposeOptions& options)
      : ConfiguredLayer("Conv1DTranspose", options) {
    const Conv1DTransposeOptions& o = options_;
    require_channels_last("Conv1DTranspose", o.data_format);
    require_padding("Conv1DTranspose", o.padding);
    require_filters("Conv1DTranspose", o.filters);
    require_positive("Conv1DTranspose", o.kernel_size, o.strides, o.dilation_rate);
    require_one_step("Conv1DTranspose", o.strides, o.dilation_rate);
    along_ = {Transposed{.window = {}, .same = o.padding == "same"},
              Transposed{.window = {o.kernel_size, o.strides, o.dilation_rate},
                         .same = o.padding == "same",
                         .output_padding = o.output_padding}};
    if (o.output_padding) along_[0].output_padding = 0;
    require_output_padding("Conv1DTranspose", along_);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
    require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[2] : None);
    if (along_[1].pixels(inputs[0].shape[1]) == 0) {
      throw ShapeError(
          fmt::format("{}: input is {}, of which nothing would be left; use a larger "
                      "output_padding, or none",
                      label(), inputs[0].text()));
    }
  }

  void build(const Shape& input) override {
    kernel_ = add_kernel({options_.kernel_size, options_.filters, input[2]});
    bias_ = add_bias(options_.filters);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    return {
        floating_spec({{in[0], along_[1].pixels(in[1]), options_.filters}, inputs[0].dtype, {}})};
  }

  // A sequence is an image of one row.
  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    const Variable y = conv2d_transpose(reshape(x, {x.shape()[0], 1, x.shape()[1], x.shape()[2]}),
                                        reshape(kernel_, Shape{1}.joined(kernel_.shape())), bias_,
                                        transposed_options(along_));
    return options_.activation(reshape(y, {y.shape()[0], y.shape()[2], y.shape()[3]}));
  }

 private:
  std::array<Transposed, 2> along_;
  Variable kernel_, bias_;
};

}  // namespace

Conv1DTranspose::Conv1DTranspose(const Conv1DTransposeOptions& options)
    : LayerRef(std::make_shared<Conv1DTransposeLayer>(options)) {}

}  // namespace keratin::layers
