#include "nn/layers/zero_padding.h"

#include <algorithm>

#include "autograd/ops/pad.h"
#include "nn/layers/configured_layer.h"
#include "nn/options.h"

namespace keratin::layers {
namespace {

class ZeroPadding1DLayer final : public ConfiguredLayer<ZeroPadding1DOptions> {
 public:
  explicit ZeroPadding1DLayer(const ZeroPadding1DOptions& options)
      : ConfiguredLayer("ZeroPadding1D", options) {
    require_channels_last("ZeroPadding1D", options.data_format);
    const Padding1& p = options.padding;
    if (std::min(p.before, p.after) < 0) {
      throw ValueError(fmt::format("ZeroPadding1D: padding is ({}, {}); none may be negative",
                                   p.before, p.after));
    }
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 3, "[batch, time, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Shape& in = inputs[0].shape;
    const std::int64_t more = options_.padding.before + options_.padding.after;
    return {{{in[0], in[1] == None ? None : in[1] + more, in[2]}, inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    return pad(x, {{}, {options_.padding.before, options_.padding.after}, {}});
  }
};

class ZeroPadding2DLayer final : public ConfiguredLayer<ZeroPadding2DOptions> {
 public:
  explicit ZeroPadding2DLayer(const ZeroPadding2DOptions& options)
      : ConfiguredLayer("ZeroPadding2D", options) {
    require_channels_last("ZeroPadding2D", options.data_format);
    const Padding2& p = options.padding;
    if (std::min({p.top, p.bottom, p.left, p.right}) < 0) {
      throw ValueError(
          fmt::format("ZeroPadding2D: padding is (({}, {}), ({}, {})); none may be negative", p.top,
                      p.bottom, p.left, p.right));
    }
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_rank(inputs, 4, "[batch, height, width, channels]");
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    const Padding2& p = options_.padding;
    const auto more = [](std::int64_t size, std::int64_t by) {
      return size == None ? None : size + by;
    };
    const Shape& in = inputs[0].shape;
    return {{{in[0], more(in[1], p.top + p.bottom), more(in[2], p.left + p.right), in[3]},
             inputs[0].dtype,
             {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    const Padding2& p = options_.padding;
    return pad(x, {{}, {p.top, p.bottom}, {p.left, p.right}, {}});
  }
};

}  // namespace

ZeroPadding1D::ZeroPadding1D(const ZeroPadding1DOptions& options)
    : LayerRef(std::make_shared<ZeroPadding1DLayer>(options)) {}

ZeroPadding2D::ZeroPadding2D(const ZeroPadding2DOptions& options)
    : LayerRef(std::make_shared<ZeroPadding2DLayer>(options)) {}

}  // namespace keratin::layers
