#include "nn/metrics/mean.h"

#include <fmt/format.h>

#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "tensor/cast.h"

namespace keratin::metrics {

namespace {

// The mean of each sample's values.   [batch, ...] -> [batch]
Tensor per_sample(const Tensor& x) {
  return x.rank() <= 1 ? x : mean(x.reshaped({x.shape()[0], -1}), {.axis = 1});
}

class SumMetric final : public Metric {
 public:
  explicit SumMetric(std::string name)
      : Metric(std::move(name)), total_(add_variable({.dtype = float64, .name = "total"})) {}
  void update_state(const Tensor&, const Tensor& values, const Tensor& sample_weight) override {
    Tensor v = cast(values, float64);
    if (sample_weight.defined()) {
      v = v * cast(weights_for(name(), sample_weight, v.shape()), float64);
    }
    total_.add(sum(v));
  }
  Tensor result() const override { return Tensor::scalar(total_[0]); }

 private:
  Sums total_;
};

}  // namespace

MeanMetric::MeanMetric(std::string name)
    : Metric(std::move(name)),
      total_(add_variable({.dtype = float64, .name = "total"})),
      count_(add_variable({.dtype = float64, .name = "count"})) {}

void MeanMetric::update_state(const Tensor&, const Tensor& values, const Tensor& sample_weight) {
  Tensor v = cast(values, float32);
  if (!sample_weight.defined()) {
    v = per_sample(v);
    add_sum(sum(v), v.size());
    return;
  }
  Tensor w = cast(sample_weight, float32).to(v.device());
  while (w.rank() > v.rank() && w.shape().back() == 1) {
    w = w.reshaped(w.shape().slice(0, w.rank() - 1));
  }
  bool fits = w.rank() > 0 && w.rank() <= v.rank();
  for (std::int64_t i = 0; fits && i < w.rank(); ++i) {
    fits = w.shape()[i] == v.shape()[i] || (i > 0 && w.shape()[i] == 1);
  }
  if (!fits) {
    throw ShapeError(fmt::format(
        "{}: sample_weight is {}, values are {}; expected one weight a sample, or one a value",
        name(), sample_weight.spec().text(), values.spec().text()));
  }
  if (v.rank() > w.rank()) {  // down to what has a weight of its own
    v = mean(v.reshaped(v.shape().slice(0, w.rank()).joined({-1})), {.axis = -1});
  }
  total_.add(sum(per_sample(v * w)));
  count_.add(sum(per_sample(w)));
}

Tensor MeanMetric::result() const { return Tensor::scalar(value()); }

Mean::Mean(const MetricOptions& options)
    : MetricRef(std::make_shared<MeanMetric>(name_or_unique(options.name, "Mean"))) {
  set_origin("Mean", options);
}

Sum::Sum(const MetricOptions& options)
    : MetricRef(std::make_shared<SumMetric>(name_or_unique(options.name, "Sum"))) {
  set_origin("Sum", options);
}

}  // namespace keratin::metrics
