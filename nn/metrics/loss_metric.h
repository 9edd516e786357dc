#pragma once

#include "nn/loss.h"
#include "nn/metrics/mean.h"

namespace keratin::metrics {

/// The mean over samples of a loss, without a gradient: what "mae" or "mse" among the metrics is.
class LossMetric : public MeanMetric {
 public:
  LossMetric(std::string name, LossRef loss, const char* direction = "down")
      : MeanMetric(std::move(name)), loss_(std::move(loss)), direction_(direction) {}
  void update_state(const Tensor& y_true, const Tensor& y_pred,
                    const Tensor& sample_weight) override {
    const NoGrad no_grad;
    MeanMetric::update_state(
        {}, loss_.per_sample(Variable(y_true, false), Variable(y_pred, false)).value(),
        sample_weight);
  }
  std::string direction() const override { return direction_; }
  bool reads_mask() const override { return true; }

 private:
  LossRef loss_;
  const char* direction_;
};

inline MetricRef mean_of(const std::string& name, const LossRef& loss,
                         const char* direction = "down") {
  return MetricRef(std::make_shared<LossMetric>(name, loss, direction));
}

}  // namespace keratin::metrics
