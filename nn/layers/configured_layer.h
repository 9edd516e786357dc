#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "nn/fused_relu.h"
#include "nn/layer.h"
#include "tensor/cast.h"

namespace keratin::layers {

/// A layer that Keras has too, under the same name.
class KerasLayer : public Layer {
 public:
  virtual keratin::detail::FusedPart fused_part() const { return keratin::detail::FusedPart::none; }
};

/// A layer made from an options struct: it keeps the options, and takes its name, its dtype and
/// whether it is trainable from them. Base of the layers in this folder; their names as Keras
/// has them come from `class_name`.
template <class Options>
class ConfiguredLayer : public KerasLayer {
 public:
  std::string class_name() const override { return class_name_; }
  void fields(Fields& f) override {
    KERATIN_ASSERT(!f.reading());  // they are const: a new layer is made from what was read
    Options(options_).fields(f);
  }

 protected:
  ConfiguredLayer(const char* class_name, Options options)
      : options_(std::move(options)), class_name_(class_name) {
    if (!options_.name.empty()) set_name(options_.name);
    if constexpr (requires { options_.dtype; }) set_policy(options_.dtype);
    if constexpr (requires { options_.trainable; }) {
      if (!options_.trainable) set_trainable(false);
    }
    if constexpr (requires { options_.activity_regularizer; }) {
      set_activity_regularizer(options_.activity_regularizer);
    }
  }

  /// One input of at least `rank` axes. `axes` names them in the message.
  void require_min_rank(const std::vector<Spec>& inputs, std::int64_t rank,
                        const char* axes) const {
    require_count(inputs);
    if (inputs[0].shape.rank() >= rank) return;
    throw ShapeError(fmt::format("{}: input has rank {}, {}; expected {}.{}", label(),
                                 inputs[0].shape.rank(), inputs[0].text(), axes, hint(inputs[0])));
  }
  /// One input of exactly `rank` axes.
  void require_rank(const std::vector<Spec>& inputs, std::int64_t rank, const char* axes) const {
    require_count(inputs);
    if (inputs[0].shape.rank() == rank) return;
    throw ShapeError(fmt::format("{}: input has rank {}, {}; expected {}.{}", label(),
                                 inputs[0].shape.rank(), inputs[0].text(), axes, hint(inputs[0])));
  }
  void require_count(const std::vector<Spec>& inputs) const {
    if (inputs.size() == 1) return;
    throw ValueError(
        fmt::format("{}: called with {} inputs; it takes one", label(), inputs.size()));
  }
  /// The last axis of the input: known, and `built` where the layer has its weights.
  void require_last_axis(const Spec& input, std::int64_t built) const {
    if (input.shape.back() == None) {
      throw ShapeError(
          fmt::format("{}: the last axis of the input, {}, must be known", label(), input.text()));
    }
    if (this->built() && input.shape.back() != built) {
      throw ShapeError(
          fmt::format("{}: input is {}; its last axis must be {}, as when the layer was built",
                      label(), input.text(), built));
    }
  }

  /// The weight "kernel", by the options kernel_initializer, kernel_regularizer, kernel_constraint.
  Variable add_kernel(const Shape& shape) {
    return add_weight({.shape = shape,
                       .initializer = options_.kernel_initializer,
                       .regularizer = options_.kernel_regularizer,
                       .constraint = options_.kernel_constraint,
                       .name = "kernel"});
  }
  /// The weight "bias", [size], likewise; not defined() without use_bias.
  Variable add_bias(std::int64_t size) {
    if (!options_.use_bias) return {};
    return add_weight({.shape = {size},
                       .initializer = options_.bias_initializer,
                       .regularizer = options_.bias_regularizer,
                       .constraint = options_.bias_constraint,
                       .name = "bias"});
  }

  /// Integers and booleans become the compute dtype.
  Variable as_floating(const Variable& x) const {
    return x.dtype() == compute_dtype() || x.requires_grad() || is_floating(x.dtype())
               ? x
               : Variable(cast(x.value(), compute_dtype()), false);
  }
  /// What as_floating makes of an input of this spec.
  Spec floating_spec(const Spec& x) const { return {x.shape, compute_dtype(), x.device}; }

  const Options options_;

 private:
  // What is missing where an input has one axis less than it should.
  static std::string hint(const Spec& input) {
    if (!input.shape.is_known()) return "";
    const Shape one = Shape{1}.joined(input.shape);
    return fmt::format(" For one sample use reshape(x, {}).", one.text());
  }

  const char* class_name_;
};

}  // namespace keratin::layers
