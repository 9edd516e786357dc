#include "nn/metric.h"

#include <fmt/format.h>

#include <map>

#include "nn/loss.h"
#include "nn/metrics/accuracy.h"
#include "nn/metrics/loss_metric.h"
#include "tensor/named.h"

namespace keratin {

void Metric::reset_state() {
  for (Variable& variable : variables_) variable.assign(0.0);
}

Variable Metric::add_variable(const AddVariableOptions& options) {
  Variable variable(options.initializer(options.shape, options.dtype.variable_dtype()).copy(),
                    false);
  variable.set_name(options.name);
  variables_.push_back(variable);
  return variable;
}

MetricRef::MetricRef(const char* typed) {
  using namespace metrics;
  const std::string name = typed;
  using Make = std::shared_ptr<Metric> (*)(const std::string&);
  static const std::map<std::string, Make> makers = [] {
    std::map<std::string, Make> m;
    const auto add = [&](std::initializer_list<const char*> names, Make make) {
      for (const char* known : names) m[known] = make;
    };
    add({"accuracy", "acc", "Accuracy"}, [](const std::string& n) -> std::shared_ptr<Metric> {
      return std::make_shared<ResolvedAccuracy>(n);
    });
    add({"binary_accuracy", "BinaryAccuracy"},
        [](const std::string& n) { return BinaryAccuracy({.name = n}).metric(); });
    add({"categorical_accuracy", "CategoricalAccuracy"},
        [](const std::string& n) { return CategoricalAccuracy({.name = n}).metric(); });
    add({"sparse_categorical_accuracy", "SparseCategoricalAccuracy"},
        [](const std::string& n) { return SparseCategoricalAccuracy({.name = n}).metric(); });
    add({"top_k_categorical_accuracy", "TopKCategoricalAccuracy"},
        [](const std::string& n) { return TopKCategoricalAccuracy({.name = n}).metric(); });
    add({"sparse_top_k_categorical_accuracy", "SparseTopKCategoricalAccuracy"},
        [](const std::string& n) { return SparseTopKCategoricalAccuracy({.name = n}).metric(); });
    add({"mse", "MSE", "mean_squared_error", "mae", "MAE", "mean_absolute_error", "bce", "BCE",
         "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"},
        [](const std::string& n) -> std::shared_ptr<Metric> {
          return std::make_shared<LossMetric>(n, LossRef(n));
        });
    return m;
  }();
  const auto found = makers.find(name);
  if (found == makers.end()) {
    std::vector<std::string> known;
    for (const auto& [key, make] : makers) known.push_back(key);
    throw ValueError(fmt::format("metric: unknown name \"{}\"{}", name, name_hint(name, known)));
  }
  metric_ = found->second(name);
}

}  // namespace keratin
