#include "nn/optimizers/ftrl.h"

#include <fmt/format.h>

#include <limits>

namespace keratin::optimizers {

Ftrl::Ftrl(const FtrlOptions& options)
    : OptimizerRef([&] {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        detail::require_in("Ftrl", "initial_accumulator_value", options.initial_accumulator_value,
                           0, infinity);
        detail::require_in("Ftrl", "l1_regularization_strength", options.l1_regularization_strength,
                           0, infinity);
        detail::require_in("Ftrl", "l2_regularization_strength", options.l2_regularization_strength,
                           0, infinity);
        detail::require_in("Ftrl", "l2_shrinkage_regularization_strength",
                           options.l2_shrinkage_regularization_strength, 0, infinity);
        detail::require_in("Ftrl", "beta", options.beta, 0, infinity);
        if (!(options.learning_rate_power <= 0)) {
          throw ValueError(fmt::format("Ftrl: learning_rate_power is {}; expected at most 0",
                                       options.learning_rate_power));
        }
        if (!options.learning_rate.scheduled() && options.learning_rate.at(0) == 0) {
          throw ValueError("Ftrl: learning_rate is 0, and is divided by; expected more than 0");
        }
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::ftrl;
        constants.power = options.learning_rate_power;
        constants.l1 = options.l1_regularization_strength;
        constants.l2 = options.l2_regularization_strength;
        constants.beta = options.beta;
        constants.shrinkage = options.l2_shrinkage_regularization_strength;
        return std::make_shared<detail::Optimizer>(
            "Ftrl", detail::settings_of(options),
            detail::UpdateRule{.constants = constants,
                               .slots = {true, true, false},
                               .first_value = options.initial_accumulator_value},
            origin_of("Ftrl", options));
      }()) {}

}  // namespace keratin::optimizers
