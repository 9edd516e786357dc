#include "nn/layers/cropping.h"

#include "autograd/ops/slice.h"
#include "nn/layers/configured_layer.h"
#include "nn/options.h"

namespace keratin::layers {
namespace {

// Along axes 1 .. cut.size(): how much goes off the start and off the end.
template <class Options>
class CroppingLayer final : public ConfiguredLayer<Options> {
 public:
  using Cut = std::pair<std::int64_t, std::int64_t>;

  CroppingLayer(const char* class_name, const Options& options, std::vector<Cut> cut)
      : ConfiguredLayer<Options>(class_name, options), cut_(std::move(cut)) {
    for (const auto& [start, end] : cut_) {
      if (start >= 0 && end >= 0) continue;
      throw ValueError(
          fmt::format("{}: cropping has ({}, {}); none may be negative", class_name, start, end));
    }
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    if (cut_.size() == 1) {
      this->require_rank(inputs, 3, "[batch, time, channels]");
    } else {
      this->require_rank(inputs, 4, "[batch, height, width, channels]");
    }
    const Shape out = cropped(inputs[0].shape);
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      const std::int64_t left = out[static_cast<std::int64_t>(i) + 1];
      if (left >= 1 || left == None) continue;
      throw ShapeError(fmt::format("{}: input is {}; cropping ({}, {}) of axis {} leaves nothing",
                                   this->label(), inputs[0].text(), cut_[i].first, cut_[i].second,
                                   i + 1));
    }
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {{cropped(inputs[0].shape), inputs[0].dtype, {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    std::vector<SliceRange> ranges{{}};
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      const std::int64_t size = x.shape()[static_cast<std::int64_t>(i) + 1];
      ranges.push_back({cut_[i].first, size - cut_[i].second});
    }
    return slice(x, ranges);
  }

 private:
  Shape cropped(Shape shape) const {
    for (std::size_t i = 0; i < cut_.size(); ++i) {
      const auto axis = static_cast<std::int64_t>(i) + 1;
      if (shape[axis] == None) continue;
      shape = shape.with(axis, shape[axis] - cut_[i].first - cut_[i].second);
    }
    return shape;
  }

  std::vector<Cut> cut_;
};

}  // namespace

Cropping1D::Cropping1D(const Cropping1DOptions& o)
    : LayerRef(std::make_shared<CroppingLayer<Cropping1DOptions>>(
          "Cropping1D", o, std::vector{std::pair(o.cropping.before, o.cropping.after)})) {}

Cropping2D::Cropping2D(const Cropping2DOptions& o)
    : LayerRef(std::make_shared<CroppingLayer<Cropping2DOptions>>(
          "Cropping2D", o,
          std::vector{std::pair(o.cropping.top, o.cropping.bottom),
                      std::pair(o.cropping.left, o.cropping.right)})) {
  require_channels_last("Cropping2D", o.data_format);
}

}  // namespace keratin::layers
