#include "nn/layers/preprocessing/normalization.h"

#include "autograd/ops/add.h"
#include "autograd/ops/broadcast_to.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sqrt.h"
#include "autograd/ops/subtract.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/preprocessing/adapt.h"
#include "nn/layers/preprocessing/moments.h"

namespace keratin::layers {
namespace {

constexpr double kSmallestDeviation = 1e-7;  // keras.config.epsilon()

class NormalizationLayer final : public ConfiguredLayer<NormalizationOptions>,
                                 public detail::Adaptable {
 public:
  explicit NormalizationLayer(const NormalizationOptions& o) : ConfiguredLayer("Normalization", o) {
    set_supports_masking(true);
    if (o.mean.defined() != o.variance.defined()) {
      throw ValueError(fmt::format("Normalization: {} without {}; give both, or none and adapt",
                                   o.mean.defined() ? "mean" : "variance",
                                   o.mean.defined() ? "variance" : "mean"));
    }
    if (!o.mean.defined()) return;
    if (o.mean.shape() != o.variance.shape()) {
      throw ShapeError(fmt::format("Normalization: mean is {} and variance {}; expected one shape",
                                   o.mean.spec().text(), o.variance.spec().text()));
    }
    if (o.mean.rank() > static_cast<std::int64_t>(o.axis.listed().size())) {
      throw ShapeError(
          fmt::format("Normalization: mean is {}; expected at most {} axes, as axis has",
                      o.mean.spec().text(), o.axis.listed().size()));
    }
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    if (inputs[0].dtype == string || inputs[0].dtype == boolean) {
      throw DTypeError(
          fmt::format("{}: input is {}; expected numbers{}", label(), inputs[0].text(),
                      inputs[0].dtype == string ? ". Use StringLookup for strings" : ""));
    }
    if (!built()) return;
    const Shape& x = inputs[0].shape;
    const std::vector<std::int64_t> kept = kept_axes(x);
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (x.rank() == rank_ && x[kept[i]] == sizes_[static_cast<std::int64_t>(i)]) continue;
      throw ShapeError(
          fmt::format("{}: input is {}; it was built for {} axes, of sizes {} at axis {}", label(),
                      inputs[0].text(), rank_, sizes_.text(), axis_text()));
    }
  }

  void build(const Shape& input) override {
    rank_ = input.rank();
    sizes_ = kept_sizes(input);
    if (options_.mean.defined()) {
      require_fit();
      return;
    }
    mean_ =
        add_weight({.shape = sizes_, .initializer = "zeros", .trainable = false, .name = "mean"});
    variance_ = add_weight(
        {.shape = sizes_, .initializer = "ones", .trainable = false, .name = "variance"});
    // Keras' files have it, from older versions on, and nobody reads it.
    Variable count(zeros({}, int32), false);
    count.set_name("count");
    weights_.push_back({count, false});
  }

  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    return {floating_spec(inputs[0])};
  }

  Variable call(const Variable& x, CallContext) override {
    const Variable numbers = as_floating(x);
    const Device here = x.value().device();  // options are on the CPU
    const Tensor mean =
        along(x.shape(), options_.mean.defined() ? options_.mean : mean_.value()).to(here);
    const Tensor variance =
        along(x.shape(), options_.variance.defined() ? options_.variance : variance_.value())
            .to(here);
    const Tensor deviation = maximum(sqrt(variance), kSmallestDeviation);
    if (options_.invert) return numbers * Variable(deviation, false) + Variable(mean, false);
    return (numbers - Variable(mean, false)) / Variable(deviation, false);
  }

  void adapt(const Tensor& data) override {
    const Tensor rows = data.rank() == 1 ? data.reshaped({data.size(), 1}) : data;
    detail::Moments moments = moments_of(rows.spec());
    moments.add(rows);
    learn(moments);
  }
  void adapt(const Dataset& data) override {
    std::optional<detail::Moments> moments;
    Shape first;
    detail::each_element(label(), data, [&](const Tensor& x) {
      // Scalars are samples of one feature, one axis is a sample of several.
      const Tensor batch = x.rank() > 1 ? x : x.reshaped({1, x.size()});
      if (!moments) {
        moments = moments_of(batch.spec());
        first = batch.shape();
      }
      if (batch.rank() != first.rank() || kept_sizes(batch.shape()) != kept_sizes(first)) {
        throw ShapeError(
            fmt::format("{}: adapt: an element is {}, the first was {}; axis {} must agree",
                        label(), x.spec().text(), first.text(), axis_text()));
      }
      moments->add(batch);
    });
    learn(*moments);
  }

 private:
  std::vector<std::int64_t> kept_axes(const Shape& x) const {
    if (!options_.axis.given() || options_.axis.listed().empty()) return {};
    return options_.axis.resolve(label().c_str(), x.rank());
  }
  std::string axis_text() const {
    return fmt::format("{}", fmt::join(options_.axis.listed(), ", "));
  }
  Shape kept_sizes(const Shape& x) const {
    Shape sizes;
    for (const std::int64_t axis : kept_axes(x)) {
      if (x[axis] == None) {
        throw ShapeError(
            fmt::format("{}: axis {} of the input, {}, must be known: it has a mean for each place",
                        label(), axis, x.text()));
      }
      sizes.push_back(x[axis]);
    }
    return sizes;
  }

  void require_fit() const {
    const Shape& mean = options_.mean.shape();
    for (std::int64_t i = 1; i <= mean.rank(); ++i) {
      const std::int64_t size = mean[mean.rank() - i];
      if (size == 1 || size == sizes_[sizes_.rank() - i]) continue;
      throw ShapeError(fmt::format("{}: mean is {}; it must fit sizes {} at axis {}", label(),
                                   options_.mean.spec().text(), sizes_.text(), axis_text()));
    }
  }

  // mean or variance with ones for the other axes of x.
  Tensor along(const Shape& x, const Tensor& values) const {
    Tensor kept = cast(values, compute_dtype());
    Shape with_ones = kept.shape();
    while (with_ones.rank() < sizes_.rank()) with_ones = Shape{1}.joined(with_ones);
    kept = broadcast_to(kept.reshaped(with_ones), sizes_);
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.rank()), 1);
    for (const std::int64_t axis : kept_axes(x)) sizes[static_cast<std::size_t>(axis)] = x[axis];
    Shape shape;
    for (const std::int64_t size : sizes) shape.push_back(size);
    return kept.reshaped(shape);
  }

  detail::Moments moments_of(const Spec& data) {
    if (options_.mean.defined()) {
      throw ValueError(
          fmt::format("{}: adapt: mean and variance were given; leave one out", label()));
    }
    Spec batch = data;
    batch.shape = batch.shape.rank() > 0 ? batch.shape.with(0, None) : batch.shape;
    if (batch.shape.rank() < 2) {
      throw ShapeError(fmt::format("{}: adapt: data is {}; expected samples along the first axis",
                                   label(), data.text()));
    }
    // Where the first axis is kept, its size counts.
    for (const std::int64_t axis : kept_axes(batch.shape)) {
      if (axis == 0) batch.shape = data.shape;
    }
    check_inputs({batch});
    ensure_built({batch});
    return {kept_axes(data.shape), kept_sizes(data.shape)};
  }
  void learn(const detail::Moments& moments) {
    if (const std::int64_t place = moments.empty_place(); place >= 0) {
      throw ValueError(fmt::format(
          "{}: adapt: {}; there is nothing to learn from", label(),
          moments.values() == 0
              ? std::string("the data is empty")
              : fmt::format("all values at place {} of axis {} are NaN", place, axis_text())));
    }
    detail::report_nan(label(), moments.left_out(), moments.values());
    mean_.assign(cast(moments.mean(), mean_.dtype()));
    variance_.assign(cast(moments.variance(), variance_.dtype()));
  }

  std::int64_t rank_ = 0;
  Shape sizes_;  // of the kept axes
  Variable mean_, variance_;
};

}  // namespace

void NormalizationOptions::fields(Fields& f) {
  if (f.reading()) {
    f("axis", axis);
  } else {  // a list, even of one
    std::vector<int> axes = axis.listed();
    f("axis", axes);
  }
  f("mean", mean);
  f("variance", variance);
  f("invert", invert);
}

Normalization::Normalization(const NormalizationOptions& options)
    : LayerRef(std::make_shared<NormalizationLayer>(options)) {}

void Normalization::adapt(const Tensor& data) {
  static_cast<NormalizationLayer&>(*layer_).adapt(data);
}
void Normalization::adapt(const Dataset& data) {
  static_cast<NormalizationLayer&>(*layer_).adapt(data);
}

}  // namespace keratin::layers
