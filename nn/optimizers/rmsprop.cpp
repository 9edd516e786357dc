#include "nn/optimizers/rmsprop.h"

#include <limits>

namespace keratin::optimizers {

RMSprop::RMSprop(const RMSpropOptions& options)
    : OptimizerRef([&] {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        detail::require_in("RMSprop", "rho", options.rho, 0, 1);
        detail::require_in("RMSprop", "momentum", options.momentum, 0, 1);
        detail::require_in("RMSprop", "epsilon", options.epsilon, 0, infinity);
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::rmsprop;
        constants.momentum = options.momentum;
        constants.rho = options.rho;
        constants.epsilon = options.epsilon;
        return std::make_shared<detail::Optimizer>(
            "RMSprop", detail::settings_of(options),
            detail::UpdateRule{.constants = constants,
                               .slots = {true, options.momentum != 0, options.centered}},
            origin_of("RMSprop", options));
      }()) {}

}  // namespace keratin::optimizers
