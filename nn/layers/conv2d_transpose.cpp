#include "nn/layers/conv2d_transpose.h"

#include "autograd/ops/conv2d_transpose.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/transposed.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

class Conv2DTransposeLayer final : public ConfiguredLayer<Conv2DTransposeOptions> {
 public:
  explicit Conv2DTransposeLayer(const Conv2DTransposeOptions& options)
      : ConfiguredLayer("Conv2DTranspose", options) {
    const Conv2DTransposeOptions& o = options_;
    require_channels_last("Conv2DTranspose", o.data_format);
    require_padding("Conv2DTranspose", o.padding);
    require_filters("Conv2DTranspose", o.filters);
    window_ = positive_sizes("Conv2DTranspose", "kernel_size", o.kernel_size);
    const auto strides = positive_sizes("Conv2DTranspose", "strides", o.strides);
    const auto dilation = positive_sizes("Conv2DTranspose", "dilation_rate", o.dilation_rate);
    require_one_step("Conv2DTranspose", strides, dilation);
    for (std::size_t i = 0; i < 2; ++i) {
      along_[i] = {.window = {window_[i], strides[i], dilation[i]}, .same = o.padding == "same"};
    }
    if (o.output_padding.given()) {
      along_[0].output_padding = o.output_padding.height();
      along_[1].output_padding = o.output_padding.width();
    }
    require_output_padding("Conv2DTranspose", along_);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
    require_last_axis(inputs[0], kernel_.defined() ? kernel_.shape()[3] : None);
    const Shape out = output_shape(inputs[0].shape);
    if (out[1] == 0 || out[2] == 0) {
      throw ShapeError(
          fmt::format("{}: input is {}, of which nothing would be left; use a larger "
                      "output_padding, or none",
                      label(), inputs[0].text()));
    }
  }

  void build(const Shape& input) override {
    kernel_ = add_kernel({window_[0], window_[1], options_.filters, input[3]});
    bias_ = add_bias(options_.filters);
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({output_shape(inputs[0].shape), inputs[0].dtype, {}})};
  }

  Variable call(const Variable& x, CallContext) override {
    return options_.activation(
        conv2d_transpose(as_floating(x), kernel_, bias_, transposed_options(along_)));
  }

 private:
  Shape output_shape(const Shape& in) const {
    return {in[0], along_[0].pixels(in[1]), along_[1].pixels(in[2]), options_.filters};
  }

  std::array<std::int64_t, 2> window_;
  std::array<Transposed, 2> along_;
  Variable kernel_, bias_;
};

}  // namespace

Conv2DTranspose::Conv2DTranspose(const Conv2DTransposeOptions& options)
    : LayerRef(std::make_shared<Conv2DTransposeLayer>(options)) {}

}  // namespace keratin::layers
