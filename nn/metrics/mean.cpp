#include "nn/metrics/mean.h"

#include <fmt/format.h>

#include "autograd/ops/mean.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sum.h"
#include "nn/names.h"
#include "tensor/cast.h"

namespace keratin::metrics {

void MeanMetric::update_state(const Tensor&, const Tensor& values, const Tensor& sample_weight) {
  Tensor v = cast(values, float32);
  if (!sample_weight.defined()) {
    if (v.rank() > 1) v = mean(v.reshaped({v.shape()[0], -1}), {.axis = 1});
    total_ += sum(v).item<double>();
    count_ += static_cast<double>(v.size());
    return;
  }
  Tensor w = cast(sample_weight, float32);
  if (v.rank() == 0 || w.rank() == 0 || w.shape()[0] != v.shape()[0]) {
    throw ShapeError(
        fmt::format("{}: sample_weight is {}, values are {}; expected one weight a sample", name(),
                    w.spec().text(), v.spec().text()));
  }
  if (v.shape() != w.shape()) {
    if (v.rank() > 1) v = mean(v.reshaped({v.shape()[0], -1}), {.axis = 1});
    if (w.rank() > 1) w = mean(w.reshaped({w.shape()[0], -1}), {.axis = 1});
  }
  total_ += sum(v * w).item<double>();
  count_ += sum(w).item<double>();
}

Tensor MeanMetric::result() const { return Tensor::scalar(value()); }

Mean::Mean(const MetricOptions& options)
    : MetricRef(std::make_shared<MeanMetric>(options.name.empty() ? unique_name("mean")
                                                                  : options.name)) {}

}  // namespace keratin::metrics
