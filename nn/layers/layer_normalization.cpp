#include "nn/layers/layer_normalization.h"

#include <algorithm>
#include <optional>

#include "autograd/ops/add.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/layer_normalization.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/tape.h"
#include "nn/layers/configured_layer.h"

namespace keratin::layers {
namespace {

// Sizes along the normalized axes: the shape of the weights.
Shape sizes_along(const Axes& axis, const Shape& input) {
  Shape sizes;
  for (const std::int64_t a : axis.resolve("axis", input.rank())) sizes.push_back(input[a]);
  return sizes;
}

// Weights of these sizes, to be multiplied with the input: 1 along the other axes.
Variable beside(const Variable& weight, const Axes& axis, const Shape& input) {
  const auto axes = axis.resolve("axis", input.rank());
  Shape shape;
  for (std::int64_t i = axes.front(); i < input.rank(); ++i) {
    shape.push_back(std::count(axes.begin(), axes.end(), i) > 0 ? input[i] : 1);
  }
  return reshape(weight, shape);
}

template <class Options>
class AxesLayer : public ConfiguredLayer<Options> {
 public:
  AxesLayer(const char* class_name, const Options& options)
      : ConfiguredLayer<Options>(class_name, options) {}

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {this->floating_spec(inputs[0])};
  }

 protected:
  // `weight`: of the layer, where it is built and has one.
  void check_axes(const std::vector<Spec>& inputs, const Variable& weight) const {
    this->require_min_rank(inputs, 2, "[batch, ...]");
    const Shape& in = inputs[0].shape;
    const auto axes = this->options_.axis.resolve(this->label().c_str(), in.rank());
    if (axes.empty() || axes.front() == 0) {
      throw ShapeError(
          fmt::format("{}: input is {}; expected axes other than the batch, at least "
                      "one",
                      this->label(), inputs[0].text()));
    }
    const Shape sizes = sizes_along(this->options_.axis, in);
    if (!sizes.is_known() || (weight.defined() && weight.shape() != sizes)) {
      throw ShapeError(fmt::format(
          "{}: input is {}, with {} along the normalized axes; they must be {}", this->label(),
          inputs[0].text(), sizes.text(),
          weight.defined() ? weight.shape().text() + ", as when it was built" : "known"));
    }
  }
};

class LayerNormalizationLayer final : public AxesLayer<LayerNormalizationOptions> {
 public:
  explicit LayerNormalizationLayer(const LayerNormalizationOptions& options)
      : AxesLayer("LayerNormalization", options) {
    set_supports_masking(true);
    set_autocast(false);  // float32 inputs are not rounded first, as in Keras
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    check_axes(inputs, gamma_.defined() ? gamma_ : beta_);
  }
  void build(const Shape& input) override {
    const Shape shape = sizes_along(options_.axis, input);
    if (options_.scale) {
      gamma_ = add_weight({.shape = shape,
                           .initializer = options_.gamma_initializer,
                           .regularizer = options_.gamma_regularizer,
                           .constraint = options_.gamma_constraint,
                           .name = "gamma"});
    }
    if (options_.center) {
      beta_ = add_weight({.shape = shape,
                          .initializer = options_.beta_initializer,
                          .regularizer = options_.beta_regularizer,
                          .constraint = options_.beta_constraint,
                          .name = "beta"});
    }
  }
  // In float32, whatever comes: weights are read as they are, and of bfloat16 the operation itself
  // rounds what it gives.
  Variable call(const Variable& input, CallContext) override {
    const detail::AutocastScope in_float32(std::nullopt);
    const bool narrow = compute_dtype() == bfloat16;
    const Variable x = as_floating(input), y = normalized(narrow ? x : widened(x));
    return narrow && y.dtype() == float32 ? cast(y, bfloat16) : y;
  }

 private:
  static Variable widened(const Variable& x) {
    return x.dtype() == bfloat16 ? cast(x, float32) : x;
  }

  Variable normalized(const Variable& given) const {
    if (const auto rows = last_axes(given.shape())) {
      const auto line = [&](const Variable& weight) {
        return weight.defined() ? reshape(weight, {rows->back()}) : weight;
      };
      return reshape(
          layer_normalization(reshape(given, *rows), line(gamma_), line(beta_), options_.epsilon),
          given.shape());
    }
    const Variable x = widened(given);
    const ReduceOptions over{.axis = options_.axis, .keepdims = true};
    const Variable centered = x - mean(x, over);
    Variable y = centered * rsqrt(mean(square(centered), over) + options_.epsilon);
    if (gamma_.defined()) y = y * beside(gamma_, options_.axis, x.shape());
    return beta_.defined() ? y + beside(beta_, options_.axis, x.shape()) : y;
  }

  // [rows, columns] where the axes are the last ones, with something in them.
  std::optional<Shape> last_axes(const Shape& x) const {
    const auto axes = options_.axis.resolve("axis", x.rank());
    const std::int64_t first = x.rank() - static_cast<std::int64_t>(axes.size());
    std::int64_t columns = 1;
    for (std::int64_t i = first; i < x.rank(); ++i) columns *= x[i];
    if (axes.front() != first || columns == 0) return std::nullopt;
    return Shape{x.size() / columns, columns};
  }

  Variable gamma_, beta_;
};

class RMSNormalizationLayer final : public AxesLayer<RMSNormalizationOptions> {
 public:
  explicit RMSNormalizationLayer(const RMSNormalizationOptions& options)
      : AxesLayer("RMSNormalization", options) {
    set_computes_in_float32(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override { check_axes(inputs, scale_); }
  void build(const Shape& input) override {
    scale_ = add_weight(
        {.shape = sizes_along(options_.axis, input), .initializer = "ones", .name = "scale"});
  }
  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    const Variable power = mean(square(x), {.axis = options_.axis, .keepdims = true});
    // Unlike the other normalizations Keras reads this weight in the compute dtype.
    const Variable scale = cast(cast(scale_, compute_dtype()), x.dtype());
    return x * rsqrt(power + options_.epsilon) * beside(scale, options_.axis, x.shape());
  }

 private:
  Variable scale_;
};

class UnitNormalizationLayer final : public AxesLayer<UnitNormalizationOptions> {
 public:
  explicit UnitNormalizationLayer(const UnitNormalizationOptions& options)
      : AxesLayer("UnitNormalization", options) {
    set_supports_masking(true);
  }
  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    options_.axis.resolve(label().c_str(), inputs[0].shape.rank());
  }
  Variable call(const Variable& input, CallContext) override {
    const Variable x = as_floating(input);
    return x * rsqrt(maximum(sum(square(x), {.axis = options_.axis, .keepdims = true}), 1e-24));
  }
};

}  // namespace

LayerNormalization::LayerNormalization(const LayerNormalizationOptions& options)
    : LayerRef(std::make_shared<LayerNormalizationLayer>(options)) {}
RMSNormalization::RMSNormalization(const RMSNormalizationOptions& options)
    : LayerRef(std::make_shared<RMSNormalizationLayer>(options)) {}
UnitNormalization::UnitNormalization(const UnitNormalizationOptions& options)
    : LayerRef(std::make_shared<UnitNormalizationLayer>(options)) {}

}  // namespace keratin::layers
