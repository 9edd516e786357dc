#include "nn/layers/pooling1d.h"

#include "autograd/ops/average_pool2d.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/global_average_pool2d.h"
#include "autograd/ops/global_max_pool2d.h"
#include "autograd/ops/max_pool2d.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/where.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

// A sequence is an image of one row.   [batch, t, c] -> [batch, 1, t, c]
Variable as_image(const Variable& x) {
  return reshape(x, {x.shape()[0], 1, x.shape()[1], x.shape()[2]});
}

class Pooling1DLayer final : public ConfiguredLayer<Pooling1DOptions> {
 public:
  using Function = Variable (*)(const Variable& x, Pool2dOptions options);

  Pooling1DLayer(const char* class_name, const Pooling1DOptions& options, Function pool)
      : ConfiguredLayer(class_name, options),
        pool_(pool),
        window_(options.pool_size),
        stride_(options.strides.value_or(options.pool_size)) {
    require_channels_last(class_name, options.data_format);
    require_padding(class_name, options.padding);
    if (window_ < 1 || stride_ < 1) {
      throw ValueError(fmt::format("{}: pool_size is {}, strides {}; expected at least 1",
                                   class_name, window_, stride_));
    }
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
    const Shape out = output_shape(inputs[0].shape);
    if (out[1] < 1 && out[1] != None) {
      throw ShapeError(
          fmt::format("{}: input is {}, shorter than the window, {}; use padding \"same\"", label(),
                      inputs[0].text(), window_));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({output_shape(inputs[0].shape), inputs[0].dtype, {}})};
  }
  Variable call(const Variable& x, CallContext) override {
    const Variable y =
        pool_(as_image(as_floating(x)),
              {.pool_size = {1, window_}, .strides = {1, stride_}, .padding = options_.padding});
    return reshape(y, {y.shape()[0], y.shape()[2], y.shape()[3]});
  }

 private:
  Shape output_shape(const Shape& in) const {
    return {in[0], windows_along(in[1], window_, stride_, 1, options_.padding), in[2]};
  }

  Function pool_;
  std::int64_t window_, stride_;
};

class GlobalPooling1DLayer final : public ConfiguredLayer<GlobalPoolingOptions> {
 public:
  enum class Kind { average, max };

  GlobalPooling1DLayer(const char* class_name, const GlobalPoolingOptions& options, Kind kind)
      : ConfiguredLayer(class_name, options), kind_(kind) {
    require_channels_last(class_name, options.data_format);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({shaped(inputs[0].shape), inputs[0].dtype, {}})};
  }
  // The steps are gone: an average has read the mask.
  std::vector<Tensor> compute_mask(const Variables& inputs,
                                   const std::vector<Tensor>& masks) override {
    return kind_ == Kind::average ? std::vector<Tensor>() : Layer::compute_mask(inputs, masks);
  }
  Variable call(const Variable& input, CallContext context) override {
    const Variable x = as_floating(input);
    if (kind_ == Kind::average && context.mask.defined()) return masked(x, context.mask);
    const Variable image = as_image(x);
    const Variable y = kind_ == Kind::average ? global_average_pool2d(image, false)
                                              : global_max_pool2d(image, false);  // [batch, c]
    return options_.keepdims ? reshape(y, shaped(x.shape())) : y;
  }

 private:
  Variable masked(const Variable& x, const Tensor& mask) const {
    if (mask.rank() != 2) {
      throw ShapeError(fmt::format("{}: the mask is {}, the input {}; expected [batch, time]",
                                   label(), mask.spec().text(), x.value().spec().text()));
    }
    const Tensor counts = mask.reshaped(mask.shape().joined({1}));  // [batch, t, 1]
    const ReduceOptions over{.axis = 1, .keepdims = options_.keepdims};
    const Tensor n = maximum(sum(cast(counts, x.dtype()), over), 1.0);
    return sum(where(counts, x, 0.0), over) / n;
  }
  Shape shaped(const Shape& in) const {
    return options_.keepdims ? Shape{in[0], 1, in[2]} : Shape{in[0], in[2]};
  }

  Kind kind_;
};

std::shared_ptr<Layer> pooling(const char* class_name, const Pooling1DOptions& options,
                               Pooling1DLayer::Function pool) {
  return std::make_shared<Pooling1DLayer>(class_name, options, pool);
}

}  // namespace

MaxPooling1D::MaxPooling1D(const Pooling1DOptions& options)
    : LayerRef(pooling("MaxPooling1D", options, max_pool2d)) {}
AveragePooling1D::AveragePooling1D(const Pooling1DOptions& options)
    : LayerRef(pooling("AveragePooling1D", options, average_pool2d)) {}
GlobalAveragePooling1D::GlobalAveragePooling1D(const GlobalPoolingOptions& options)
    : LayerRef(std::make_shared<GlobalPooling1DLayer>("GlobalAveragePooling1D", options,
                                                      GlobalPooling1DLayer::Kind::average)) {}
GlobalMaxPooling1D::GlobalMaxPooling1D(const GlobalPoolingOptions& options)
    : LayerRef(std::make_shared<GlobalPooling1DLayer>("GlobalMaxPooling1D", options,
                                                      GlobalPooling1DLayer::Kind::max)) {}

}  // namespace keratin::layers
