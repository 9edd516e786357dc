#include "nn/layers/preprocessing/discretization.h"

#include <algorithm>
#include <cmath>

#include "kernels/parallel.h"
#include "nn/layers/configured_layer.h"
#include "nn/layers/preprocessing/adapt.h"
#include "nn/layers/preprocessing/encoding.h"
#include "nn/layers/preprocessing/quantiles.h"

namespace keratin::layers {
namespace {

using detail::OutputMode;

class DiscretizationLayer final : public ConfiguredLayer<DiscretizationOptions>,
                                  public detail::Adaptable {
 public:
  explicit DiscretizationLayer(const DiscretizationOptions& o)
      : ConfiguredLayer("Discretization", o),
        mode_(detail::output_mode_of(
            "Discretization", o.output_mode,
            {OutputMode::Int, OutputMode::OneHot, OutputMode::MultiHot, OutputMode::Count})),
        boundaries_(o.bin_boundaries) {
    set_works_on_cpu_only(true);
    // Both are in files of a layer that was adapted.
    if (o.bin_boundaries.empty() && !o.num_bins) {
      throw ValueError("Discretization: neither bin_boundaries nor num_bins; give one of them");
    }
    if (o.num_bins && (*o.num_bins < 1 || *o.num_bins > kMostBins)) {
      throw ValueError(
          fmt::format("Discretization: num_bins is {}; expected 1 to {}", *o.num_bins, kMostBins));
    }
    if (!(o.epsilon > 0 && o.epsilon < 1 && o.epsilon >= 1.0 / kMostBins)) {
      throw ValueError(fmt::format("Discretization: epsilon is {}; expected {} to 1", o.epsilon,
                                   1.0 / kMostBins));
    }
    for (std::size_t i = 0; i < boundaries_.size(); ++i) {
      if (std::isnan(boundaries_[i]) || (i > 0 && boundaries_[i] < boundaries_[i - 1])) {
        throw ValueError(
            fmt::format("Discretization: bin_boundaries: {} at {}; expected rising "
                        "numbers",
                        boundaries_[i], i));
      }
    }
  }

  const std::vector<double>& boundaries() const { return boundaries_; }
  void fields(Fields& f) override {
    DiscretizationOptions options(options_);
    options.bin_boundaries = boundaries_;
    options.fields(f);
  }

  void check_inputs(const std::vector<Spec>& inputs) const override {
    require_count(inputs);
    if (is_integer(inputs[0].dtype) || is_floating(inputs[0].dtype)) return;
    throw DTypeError(fmt::format("{}: input is {}; expected numbers", label(), inputs[0].text()));
  }
  void build(const Shape&) override {
    if (mode_ == OutputMode::Int) return;
    require_boundaries();
    built_for_ = bins();
  }
  std::vector<Spec> output_specs(const std::vector<Spec>& inputs) override {
    ensure_built(inputs);
    return {{detail::encoded_shape(inputs[0].shape, mode_, bins()), output_dtype(), {}}};
  }
  Variable call(const Variable& x, CallContext) override {
    require_boundaries();
    const Tensor numbers = cast(x.value(), compute_dtype());
    const Tensor indices =
        compute_dtype() == float32 ? bins_of<float>(numbers) : bins_of<double>(numbers);
    const Tensor y = detail::encoded(indices, mode_, bins(), output_dtype());
    return Variable(mode_ == OutputMode::Int ? cast(y, int32) : y, false);
  }

  void adapt(const Tensor& data) override {
    learn([&](auto&& add) { add(data); });
  }
  void adapt(const Dataset& data) override {
    learn([&](auto&& add) { detail::each_element(label(), data, add); });
  }

 private:
  static constexpr std::int64_t kMostBins = 1'000'000;

  std::int64_t bins() const { return static_cast<std::int64_t>(boundaries_.size()) + 1; }
  DType output_dtype() const { return mode_ == OutputMode::Int ? int32 : compute_dtype(); }

  void require_boundaries() const {
    if (adapted_ || !boundaries_.empty()) return;
    throw ValueError(
        fmt::format("{}: has no boundaries; call adapt before the layer is used", label()));
  }
  template <class T>
  Tensor bins_of(const Tensor& x) const {
    const std::vector<T> boundaries(boundaries_.begin(), boundaries_.end());
    Tensor y = Tensor::empty(x.shape(), int64);
    const T* from = x.data<T>();
    std::int64_t* to = y.mutable_data<std::int64_t>();
    kernels::parallel_for(x.size(), 4096, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        to[i] =
            std::upper_bound(boundaries.begin(), boundaries.end(), from[i]) - boundaries.begin();
      }
    });
    return y;
  }
  template <class F>
  void learn(F&& each) {
    if (!options_.num_bins) {
      throw ValueError(
          fmt::format("{}: adapt: bin_boundaries were given; give num_bins instead", label()));
    }
    detail::Quantiles quantiles(options_.epsilon);
    std::int64_t values = 0, left_out = 0;
    each([&](const Tensor& data) {
      check_inputs({data.spec()});
      std::vector<float> batch = data.to_vector<float>();
      values += data.size();
      left_out += static_cast<std::int64_t>(
          std::erase_if(batch, [](float value) { return std::isnan(value); }));
      quantiles.add(std::move(batch));
    });
    if (quantiles.empty()) {
      throw ValueError(
          fmt::format("{}: adapt: no values; there is nothing to learn from", label()));
    }
    const std::vector<float> found = quantiles.boundaries(*options_.num_bins);
    if (built_for_ && static_cast<std::int64_t>(found.size()) + 1 != *built_for_) {
      throw ValueError(fmt::format(
          "{}: adapt: {} bins, but layers after this one were built for {}; adapt before the first "
          "call",
          label(), found.size() + 1, *built_for_));
    }
    detail::report_nan(label(), left_out, values);
    boundaries_.assign(found.begin(), found.end());
    adapted_ = true;
  }

  OutputMode mode_;
  std::vector<double> boundaries_;
  bool adapted_ = false;
  std::optional<std::int64_t> built_for_;  // bins, where something was built for them
};

}  // namespace

Discretization::Discretization(const DiscretizationOptions& options)
    : LayerRef(std::make_shared<DiscretizationLayer>(options)) {}

void Discretization::adapt(const Tensor& data) {
  static_cast<DiscretizationLayer&>(*layer_).adapt(data);
}
void Discretization::adapt(const Dataset& data) {
  static_cast<DiscretizationLayer&>(*layer_).adapt(data);
}
std::vector<double> Discretization::bin_boundaries() const {
  return static_cast<const DiscretizationLayer&>(*layer_).boundaries();
}

}  // namespace keratin::layers
