#pragma once

#include <string>
#include <vector>

#include "nn/metrics/mean.h"
#include "nn/model/options.h"

namespace keratin::detail {

/// What compile() made: the optimizer, and the losses and metrics of every output.
class Compiled {
 public:
  explicit Compiled(const CompileOptions& options);

  bool told_of_graphs = false;  // why a fit made none
  OptimizerRef optimizer;
  MetricRef loss_tracker;  // a MeanMetric

  /// Finds the loss and the metrics of each output. `several`: are outputs told apart in the
  /// names? Throws ValueError for names that are no output's. Once only.
  void resolve(const std::vector<std::string>& outputs, bool several);
  bool resolved() const { return resolved_; }

  /// Does anything need targets?
  bool needs_targets() const;
  const CompileOptions& options() const { return options_; }
  std::vector<std::string> output_names() const;
  bool several_outputs() const { return several_; }
  bool has_loss() const { return options_.loss.given(); }

  /// The weighted sum of the outputs' losses, not defined() where there is none; the separate
  /// losses are added to their trackers. Throws ValueError for missing targets.
  Variable loss(const Variables& y_pred, const Tensors& y, const Tensors& sample_weight);
  void update_metrics(const Variables& y_pred, const Tensors& y, const Tensors& sample_weight);
  /// Scalars by name: the loss, the outputs' losses, the metrics.
  Tensors results() const;
  void reset();

  /// All metrics under the names of the logs.
  const std::vector<std::pair<std::string, MetricRef>>& metrics() const { return names_; }

 private:
  struct Output {
    std::string name;
    LossRef loss;
    double weight = 1;
    MetricRef tracker;  // given where there are several losses
    std::vector<MetricRef> metrics, weighted_metrics;
  };
  void add_metrics(const Metrics& metrics, const char* what, bool weighted);
  void name_metric(std::string name, const char* if_taken, const MetricRef& metric);
  std::size_t index_of(const std::string& output, const char* what) const;
  /// The entry for an output, by name or position; not defined() where there is none.
  Tensor part(const Tensors& tensors, std::size_t output, const char* what) const;

  CompileOptions options_;
  bool resolved_ = false, several_ = false;
  std::vector<Output> outputs_;
  std::vector<std::pair<std::string, MetricRef>> names_;
};

}  // namespace keratin::detail
