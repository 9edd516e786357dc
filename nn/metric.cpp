#include "nn/metric.h"

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

}  // namespace keratin
