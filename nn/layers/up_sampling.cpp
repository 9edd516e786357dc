#include "nn/layers/up_sampling.h"

#include "autograd/ops/repeat.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/window.h"

namespace keratin::layers {
namespace {

std::int64_t times(std::int64_t size, std::int64_t by) { return size == None ? None : size * by; }

class UpSampling1DLayer final : public ConfiguredLayer<UpSampling1DOptions> {
 public:
  explicit UpSampling1DLayer(const UpSampling1DOptions& options)
      : ConfiguredLayer("UpSampling1D", options) {
    if (options.size < 1) {
      throw ValueError(fmt::format("UpSampling1D: size is {}; expected at least 1", options.size));
    }
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    return {{in.with(1, times(in[1], options_.size)), inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    return repeat(x, options_.size, {.axis = 1});
  }
};

class UpSampling2DLayer final : public ConfiguredLayer<UpSampling2DOptions> {
 public:
  explicit UpSampling2DLayer(const UpSampling2DOptions& options)
      : ConfiguredLayer("UpSampling2D", options),
        size_(positive_sizes("UpSampling2D", "size", options.size)) {
    require_channels_last("UpSampling2D", options.data_format);
    if (options.interpolation != "nearest") {
      throw ValueError(
          fmt::format("UpSampling2D: interpolation is \"{}\"; only \"nearest\" is supported",
                      options.interpolation));
    }
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    return {{{in[0], times(in[1], size_[0]), times(in[2], size_[1]), in[3]}, inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    return repeat(repeat(x, size_[1], {.axis = 2}), size_[0], {.axis = 1});
  }

 private:
  std::array<std::int64_t, 2> size_;
};

}  // namespace

UpSampling1D::UpSampling1D(const UpSampling1DOptions& options)
    : LayerRef(std::make_shared<UpSampling1DLayer>(options)) {}
UpSampling2D::UpSampling2D(const UpSampling2DOptions& options)
    : LayerRef(std::make_shared<UpSampling2DLayer>(options)) {}

}  // namespace keratin::layers
