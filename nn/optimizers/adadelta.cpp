#include "nn/optimizers/adadelta.h"

#include <limits>

namespace keratin::optimizers {

Adadelta::Adadelta(const AdadeltaOptions& options)
    : OptimizerRef([&] {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        detail::require_in("Adadelta", "rho", options.rho, 0, 1);
        detail::require_in("Adadelta", "epsilon", options.epsilon, 0, infinity);
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::adadelta;
        constants.rho = options.rho;
        constants.epsilon = options.epsilon;
        return std::make_shared<detail::Optimizer>(
            "Adadelta", detail::settings_of(options),
            detail::UpdateRule{.constants = constants, .slots = {true, true, false}},
            origin_of("Adadelta", options));
      }()) {}

}  // namespace keratin::optimizers
