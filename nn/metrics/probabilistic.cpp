#include "nn/metrics/probabilistic.h"

#include "nn/losses/binary_crossentropy.h"
#include "nn/losses/categorical_crossentropy.h"
#include "nn/losses/hinge.h"
#include "nn/losses/regression.h"
#include "nn/losses/sparse_categorical_crossentropy.h"
#include "nn/metrics/loss_metric.h"
#include "nn/metrics/state.h"

namespace keratin::metrics {

BinaryCrossentropy::BinaryCrossentropy(const BinaryCrossentropyOptions& o)
    : MetricRef(
          mean_of(o.name, losses::BinaryCrossentropy({.from_logits = o.from_logits,
                                                      .label_smoothing = o.label_smoothing}))) {
  set_origin("BinaryCrossentropy", o);
}
CategoricalCrossentropy::CategoricalCrossentropy(const CategoricalCrossentropyOptions& o)
    : MetricRef(
          mean_of(o.name, losses::CategoricalCrossentropy({.from_logits = o.from_logits,
                                                           .label_smoothing = o.label_smoothing,
                                                           .axis = o.axis}))) {
  set_origin("CategoricalCrossentropy", o);
}
SparseCategoricalCrossentropy::SparseCategoricalCrossentropy(
    const SparseCategoricalCrossentropyOptions& o)
    : MetricRef(mean_of(
          o.name,
          losses::SparseCategoricalCrossentropy(
              {.from_logits = o.from_logits, .ignore_class = o.ignore_class, .axis = o.axis}))) {
  set_origin("SparseCategoricalCrossentropy", o);
}
KLDivergence::KLDivergence(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "kl_divergence"), losses::KLDivergence())) {
  set_origin("KLDivergence", o);
}
Poisson::Poisson(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "poisson"), losses::Poisson())) {
  set_origin("Poisson", o);
}
Hinge::Hinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "hinge"), losses::Hinge())) {
  set_origin("Hinge", o);
}
SquaredHinge::SquaredHinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "squared_hinge"), losses::SquaredHinge())) {
  set_origin("SquaredHinge", o);
}
CategoricalHinge::CategoricalHinge(const MetricOptions& o)
    : MetricRef(mean_of(name_or(o.name, "categorical_hinge"), losses::CategoricalHinge())) {
  set_origin("CategoricalHinge", o);
}

}  // namespace keratin::metrics
