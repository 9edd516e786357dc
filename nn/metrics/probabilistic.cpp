#include "nn/metrics/probabilistic.h"

#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/hinge.h"
#include "nn/losses/regression.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/loss_metric.h"
#include "nn/metrics/state.h"

namespace keratin::metrics {
namespace {

MetricRef mean_of(const std::string& name, const LossRef& loss) {
  return MetricRef(std::make_shared<LossMetric>(name, loss));
}

}  // namespace

BinaryCrossentropy::BinaryCrossentropy(const BinaryCrossentropyOptions& o)
    : MetricRef(
          mean_of(o.name, losses::BinaryCrossentropy({.from_logits = o.from_logits,
                                                      .label_smoothing = o.label_smoothing}))) {}
CategoricalCrossentropy::CategoricalCrossentropy(const CategoricalCrossentropyOptions& o)
    : MetricRef(
          mean_of(o.name, losses::CategoricalCrossentropy({.from_logits = o.from_logits,
                                                           .label_smoothing = o.label_smoothing,
                                                           .axis = o.axis}))) {}
SparseCategoricalCrossentropy::SparseCategoricalCrossentropy(
    const SparseCategoricalCrossentropyOptions& o)
    : MetricRef(mean_of(
          o.name,
          losses::SparseCategoricalCrossentropy(
              {.from_logits = o.from_logits, .ignore_class = o.ignore_class, .axis = o.axis}))) {}
KLDivergence::KLDivergence(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "kl_divergence"), losses::KLDivergence())) {}
Poisson::Poisson(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "poisson"), losses::Poisson())) {}
Hinge::Hinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "hinge"), losses::Hinge())) {}
SquaredHinge::SquaredHinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "squared_hinge"), losses::SquaredHinge())) {}
CategoricalHinge::CategoricalHinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "categorical_hinge"), losses::CategoricalHinge())) {}

}  // namespace keratin::metrics
