#include "nn/model/compiled.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/add.h"
#include "autograd/ops/multiply.h"
#include "nn/mask.h"
#include "tensor/cast.h"

namespace keratin::detail {
namespace {

// The running mean of a loss.
class LossTracker final : public metrics::MeanMetric {
 public:
  using MeanMetric::MeanMetric;
  std::string direction() const override { return "down"; }
};

MetricRef loss_tracker_of(const std::string& name) {
  return MetricRef(std::make_shared<LossTracker>(name));
}

void add_mean(const MetricRef& tracker, const Tensor& value, double weight) {
  static_cast<metrics::MeanMetric&>(*tracker.metric()).add(value, weight);
}

std::int64_t batch_size(const Tensor& y_pred) { return y_pred.rank() == 0 ? 1 : y_pred.shape()[0]; }

}  // namespace

Compiled::Compiled(const CompileOptions& options)
    : optimizer(options.optimizer), loss_tracker(loss_tracker_of("loss")), options_(options) {
  if (!optimizer.given()) throw ValueError("compile: needs an optimizer");
  if (options.steps_per_execution < 1) {
    throw ValueError(fmt::format("compile: steps_per_execution is {}; expected at least 1",
                                 options.steps_per_execution));
  }
}

std::size_t Compiled::index_of(const std::string& output, const char* what) const {
  std::vector<std::string> known;
  for (const Output& one : outputs_) {
    if (one.name == output) return known.size();
    known.push_back(one.name);
  }
  throw ValueError(fmt::format("compile: {}: the model has no output \"{}\"{}", what, output,
                               name_hint(output, known)));
}

void Compiled::resolve(const std::vector<std::string>& outputs, bool several) {
  several_ = several;
  outputs_.clear();
  names_.clear();
  for (const std::string& name : outputs) {
    Output& output = outputs_.emplace_back();
    output.name = name;
    output.loss = options_.loss.one();
  }
  for (const auto& [name, loss] : options_.loss.by_output()) {
    outputs_[index_of(name, "loss")].loss = loss;
  }
  for (const auto& [name, weight] : options_.loss_weights) {
    outputs_[index_of(name, "loss_weights")].weight = weight;
  }
  names_.emplace_back("loss", loss_tracker);
  const auto losses = std::count_if(outputs_.begin(), outputs_.end(),
                                    [](const Output& output) { return output.loss.given(); });
  for (Output& output : outputs_) {
    if (losses < 2 || !output.loss.given()) continue;
    output.tracker = loss_tracker_of(output.name + "_loss");
    name_metric(output.name + "_loss", "", output.tracker);
  }
  add_metrics(options_.metrics, "metrics", false);
  add_metrics(options_.weighted_metrics, "weighted_metrics", true);
  resolved_ = true;
}

std::vector<std::string> Compiled::output_names() const {
  std::vector<std::string> names;
  for (const Output& output : outputs_) names.push_back(output.name);
  return names;
}

void Compiled::add_metrics(const Metrics& metrics, const char* what, bool weighted) {
  const auto add = [&](std::size_t index, const MetricRef& metric) {
    if (!metric.given()) throw ValueError(fmt::format("compile: {}: a metric was never set", what));
    Output& output = outputs_[index];
    (weighted ? output.weighted_metrics : output.metrics).push_back(metric);
    name_metric(several_ ? output.name + "_" + metric.name() : metric.name(),
                weighted ? "weighted_" : "", metric);
  };
  if (!metrics.all().empty() && outputs_.size() > 1) {
    std::string known;
    for (const Output& output : outputs_) {
      known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", output.name);
    }
    throw ValueError(
        fmt::format("compile: {}: the model has {} outputs; say which is meant: {{{{\"output\", "
                    "\"accuracy\"}}, ...}} with {}",
                    what, outputs_.size(), known));
  }
  for (const MetricRef& metric : metrics.all()) add(0, metric);
  for (const auto& [name, list] : metrics.by_output()) {
    for (const MetricRef& metric : list.all()) add(index_of(name, what), metric);
  }
}

void Compiled::name_metric(std::string name, const char* if_taken, const MetricRef& metric) {
  const auto taken = [&](const std::string& wanted) {
    return std::any_of(names_.begin(), names_.end(),
                       [&](const auto& entry) { return entry.first == wanted; });
  };
  if (taken(name)) name = if_taken + name;
  const std::string base = name;
  for (int i = 1; taken(name); ++i) name = fmt::format("{}_{}", base, i);
  names_.emplace_back(name, metric);
}

bool Compiled::needs_targets() const {
  return std::any_of(outputs_.begin(), outputs_.end(), [](const Output& output) {
    return output.loss.given() || !output.metrics.empty() || !output.weighted_metrics.empty();
  });
}

Tensor Compiled::part(const Tensors& tensors, std::size_t output, const char* what) const {
  if (tensors.none()) return {};
  if (tensors.named()) {
    for (const auto& entry : tensors.entries()) {
      const std::string& name = entry.first;
      const bool known = std::any_of(outputs_.begin(), outputs_.end(),
                                     [&](const Output& one) { return one.name == name; });
      if (known) continue;
      std::vector<std::string> names;
      for (const Output& one : outputs_) names.push_back(one.name);
      throw ValueError(fmt::format("fit: {}: the model has no output \"{}\"{}", what, name,
                                   name_hint(name, names)));
    }
    const std::string& name = outputs_[output].name;
    return tensors.contains(name) ? tensors[name] : Tensor();
  }
  if (tensors.count() == static_cast<std::int64_t>(outputs_.size())) {
    return tensors.get(static_cast<std::int64_t>(output));
  }
  if (tensors.single() && std::string_view(what) == "sample_weight") return tensors.get(0);
  throw ValueError(fmt::format("fit: {} {} for {} outputs; expected one each, or by name",
                               tensors.count(), what, outputs_.size()));
}

Variable Compiled::loss(const Variables& y_pred, const Tensors& y, const Tensors& sample_weight) {
  Variable total;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    if (!output.loss.given()) continue;
    const Tensor target = part(y, i, "targets");
    if (!target.defined()) {
      throw ValueError(fmt::format("fit: no targets{} for the loss \"{}\"",
                                   several_ ? " of output \"" + output.name + "\"" : "",
                                   output.loss.name()));
    }
    const Variable& predicted = y_pred.get(static_cast<std::int64_t>(i));
    Variable loss =
        output.loss(Variable(target, false), predicted, part(sample_weight, i, "sample_weight"));
    if (loss.size() != 1) {
      throw ShapeError(fmt::format(
          "fit: the loss \"{}\" gave {}; expected one value. A reduction of \"none\" can't be "
          "trained on.",
          output.loss.name(), loss.value().spec().text()));
    }
    if (output.tracker.given()) {
      add_mean(output.tracker, loss.value(), static_cast<double>(batch_size(predicted.value())));
    }
    if (output.weight != 1) loss = loss * output.weight;
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

void Compiled::update_metrics(const Variables& y_pred, const Tensors& y,
                              const Tensors& sample_weight) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    if (output.metrics.empty() && output.weighted_metrics.empty()) continue;
    const Tensor target = part(y, i, "targets");
    if (!target.defined()) continue;
    Tensor predicted = y_pred.get(static_cast<std::int64_t>(i)).value();
    if (predicted.dtype() == bfloat16) predicted = cast(predicted, float32);
    const Tensor mask = mask_of(y_pred.get(static_cast<std::int64_t>(i)));
    const auto update = [&](MetricRef& metric, const Tensor& weight) {
      const kernels::ScopeGuard scope(
          kernels::scope_of(nullptr, kernels::ScopeKind::metric, metric.name()));
      const bool masked = mask.defined() && metric.metric()->reads_mask();
      const Tensor counted = masked ? masked_weight(weight, mask) : weight;
      if (metric.metric()->on_gpu() || predicted.device().is_cpu()) {
        metric.update_state(target, predicted, counted);
      } else {
        metric.update_state(target.to(Device{}), predicted.to(Device{}),
                            counted.defined() ? counted.to(Device{}) : counted);
      }
    };
    for (MetricRef& metric : output.metrics) update(metric, {});
    if (output.weighted_metrics.empty()) continue;
    const Tensor weight = part(sample_weight, i, "sample_weight");
    for (MetricRef& metric : output.weighted_metrics) update(metric, weight);
  }
}

Tensors Compiled::results() const {
  Named<Tensor> results;
  for (const auto& [name, metric] : names_) results[name] = metric.result();
  return results;
}

void Compiled::reset() {
  loss_tracker.reset_state();
  for (auto& [name, metric] : names_) metric.reset_state();
}

}  // namespace keratin::detail
