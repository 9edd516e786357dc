#include "nn/layers/pooling.h"

#include "autograd/ops/average_pool2d.h"
#include "autograd/ops/global_average_pool2d.h"
#include "autograd/ops/global_max_pool2d.h"
#include "autograd/ops/max_pool2d.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

class Pooling2DLayer final : public ConfiguredLayer<Pooling2DOptions> {
 public:
  using Function = Variable (*)(const Variable& x, Pool2dOptions options);

  Pooling2DLayer(const char* class_name, const Pooling2DOptions& options, Function pool)
      : ConfiguredLayer(class_name, options), pool_(pool) {
    require_channels_last(class_name, options.data_format);
    require_padding(class_name, options.padding);
    window_ = positive_sizes(class_name, "pool_size", options.pool_size);
    strides_ =
        options.strides.given() ? positive_sizes(class_name, "strides", options.strides) : window_;
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
    const Shape out = output_shape(inputs[0].shape);
    if ((out[1] < 1 && out[1] != None) || (out[2] < 1 && out[2] != None)) {
      throw ShapeError(
          fmt::format("{}: input is {}, smaller than the window, ({}, {}); use padding \"same\"",
                      label(), inputs[0].text(), window_[0], window_[1]));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec({output_shape(inputs[0].shape), inputs[0].dtype, {}})};
  }
  Variable call(const Variable& x, CallContext) override {
    return pool_(as_floating(x),
                 {.pool_size = window_, .strides = strides_, .padding = options_.padding});
  }

 private:
  Shape output_shape(const Shape& in) const {
    return {in[0], windows_along(in[1], window_[0], strides_[0], 1, options_.padding),
            windows_along(in[2], window_[1], strides_[1], 1, options_.padding), in[3]};
  }

  Function pool_;
  std::array<std::int64_t, 2> window_, strides_;
};

class GlobalPooling2DLayer final : public ConfiguredLayer<GlobalPoolingOptions> {
 public:
  using Function = Variable (*)(const Variable& x, bool keepdims);

  GlobalPooling2DLayer(const char* class_name, const GlobalPoolingOptions& options, Function pool)
      : ConfiguredLayer(class_name, options), pool_(pool) {
    require_channels_last(class_name, options.data_format);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    const Shape out = options_.keepdims ? Shape{in[0], 1, 1, in[3]} : Shape{in[0], in[3]};
    return {floating_spec({out, inputs[0].dtype, {}})};
  }
  Variable call(const Variable& x, CallContext) override {
    return pool_(as_floating(x), options_.keepdims);
  }

 private:
  Function pool_;
};

std::shared_ptr<Layer> pooling(const char* class_name, const Pooling2DOptions& options,
                               Pooling2DLayer::Function pool) {
  return std::make_shared<Pooling2DLayer>(class_name, options, pool);
}
std::shared_ptr<Layer> pooling(const char* class_name, const GlobalPoolingOptions& options,
                               GlobalPooling2DLayer::Function pool) {
  return std::make_shared<GlobalPooling2DLayer>(class_name, options, pool);
}

}  // namespace

MaxPooling2D::MaxPooling2D(const Pooling2DOptions& options)
    : LayerRef(pooling("MaxPooling2D", options, max_pool2d)) {}

AveragePooling2D::AveragePooling2D(const Pooling2DOptions& options)
    : LayerRef(pooling("AveragePooling2D", options, average_pool2d)) {}

GlobalAveragePooling2D::GlobalAveragePooling2D(const GlobalPoolingOptions& options)
    : LayerRef(pooling("GlobalAveragePooling2D", options, global_average_pool2d)) {}

GlobalMaxPooling2D::GlobalMaxPooling2D(const GlobalPoolingOptions& options)
    : LayerRef(pooling("GlobalMaxPooling2D", options, global_max_pool2d)) {}

}  // namespace keratin::layers
