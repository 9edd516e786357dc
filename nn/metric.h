#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/variable.h"
#include "nn/dtype_policy.h"
#include "nn/fields.h"
#include "nn/initializers.h"

namespace keratin {

struct AddVariableOptions {
  Shape shape = {};
  Initializer initializer = "zeros";
  DTypePolicy dtype = {};
  std::string name = {};
};

/// The class to derive a metric of one's own from. Make it with make_metric<T>(...). State gathers
/// over batches, until reset_state() at the beginning of an epoch.
class Metric {
 public:
  explicit Metric(std::string name) : name_(std::move(name)) {}
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  virtual ~Metric() = default;

  /// One batch. sample_weight is not defined() where there is none.
  virtual void update_state(const Tensor& y_true, const Tensor& y_pred,
                            const Tensor& sample_weight) = 0;
  virtual Tensor result() const = 0;
  /// Zeroes what add_variable made.
  virtual void reset_state();
  /// "up" where larger is better, "down", or "" (then a callback must name its mode).
  virtual std::string direction() const { return ""; }
  /// Does it leave out what the mask of the predictions says does not count? Then the mask is part
  /// of sample_weight. Means of a value a sample do; as in Keras, counts of positives and negatives
  /// (Precision, AUC ...), RootMeanSquaredError and the like do not.
  virtual bool reads_mask() const { return false; }
  /// Does update_state take predictions that are on a GPU, with targets and weights there or on the
  /// CPU? Others are given all on the CPU, which waits for the GPU at each batch.
  virtual bool on_gpu() const { return false; }

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  const std::vector<Variable>& variables() const {
    settle();
    return variables_;
  }
  /// What it was made from; null for a class of one's own.
  const OriginPtr& origin() const { return origin_; }
  void set_origin(OriginPtr origin) { origin_ = std::move(origin); }

 protected:
  /// Puts what is still on a GPU into the variables.
  virtual void settle() const {}
  Variable add_variable(const AddVariableOptions& options);

 private:
  std::string name_;
  std::vector<Variable> variables_;
  OriginPtr origin_;
};

/// A handle to a metric: a name ("accuracy", "mae" ...), or one of metrics::...
class MetricRef {
 public:
  MetricRef() = default;  // none
  /// The name is resolved when the shapes of targets and predictions are first seen: "accuracy"
  /// depends on them. Throws ValueError for an unknown name, with the nearest known one.
  MetricRef(const char* name);
  MetricRef(const std::string& name) : MetricRef(name.c_str()) {}
  explicit MetricRef(std::shared_ptr<Metric> metric) : metric_(std::move(metric)) {}

  bool given() const { return metric_ != nullptr; }
  const std::string& name() const { return metric_->name(); }
  /// For Mean and its like: values, each of the same weight.
  void update_state(const Tensor& values) { metric_->update_state({}, values, {}); }
  void update_state(const Tensor& y_true, const Tensor& y_pred, const Tensor& sample_weight = {}) {
    metric_->update_state(y_true, y_pred, sample_weight);
  }
  Tensor result() const { return metric_->result(); }
  void reset_state() { metric_->reset_state(); }
  const std::shared_ptr<Metric>& metric() const { return metric_; }

 protected:
  template <class Options>
  void set_origin(const char* class_name, const Options& options) {
    metric_->set_origin(origin_of(class_name, options));
  }

  std::shared_ptr<Metric> metric_;
};
template <std::derived_from<Metric> T, class... Args>
MetricRef make_metric(Args&&... args) {
  return MetricRef(std::make_shared<T>(std::forward<Args>(args)...));
}

/// "mae", AUC(), or a list of such.
class MetricList {
 public:
  template <std::convertible_to<MetricRef> T>
  MetricList(T&& one) : all_{MetricRef(std::forward<T>(one))} {}
  MetricList(std::initializer_list<MetricRef> all) : all_(all) {}
  explicit MetricList(std::vector<MetricRef> all) : all_(std::move(all)) {}
  const std::vector<MetricRef>& all() const { return all_; }

 private:
  std::vector<MetricRef> all_;
};

/// compile's `metrics`: {"accuracy", AUC()}, or by output: {{"price", "mae"}, {"kind", {"accuracy",
/// AUC()}}}. No list of lists, one an output: {{"a", "b"}} would be either.
class Metrics {
 public:
  Metrics() = default;
  Metrics(std::initializer_list<MetricRef> all) : all_(all) {}
  Metrics(std::vector<MetricRef> all) : all_(std::move(all)) {}
  Metrics(std::initializer_list<std::pair<std::string, MetricList>> by_output)
      : by_output_(by_output) {}
  explicit Metrics(std::vector<std::pair<std::string, MetricList>> by_output)
      : by_output_(std::move(by_output)) {}

  const std::vector<MetricRef>& all() const { return all_; }
  const std::vector<std::pair<std::string, MetricList>>& by_output() const { return by_output_; }

 private:
  std::vector<MetricRef> all_;
  std::vector<std::pair<std::string, MetricList>> by_output_;
};

namespace metrics {
struct MetricOptions {
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) { f("name", name); }
};
}  // namespace metrics

}  // namespace keratin
