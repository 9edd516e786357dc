#include "nn/optimizers/adagrad.h"

#include <limits>

namespace keratin::optimizers {

Adagrad::Adagrad(const AdagradOptions& options)
    : OptimizerRef([&] {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        detail::require_in("Adagrad", "initial_accumulator_value",
                           options.initial_accumulator_value, 0, infinity);
        detail::require_in("Adagrad", "epsilon", options.epsilon, 0, infinity);
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::adagrad;
        constants.epsilon = options.epsilon;
        return std::make_shared<detail::Optimizer>(
            "Adagrad", detail::settings_of(options),
            detail::UpdateRule{.constants = constants,
                               .slots = {true, false, false},
                               .first_value = options.initial_accumulator_value},
            origin_of("Adagrad", options));
      }()) {}

}  // namespace keratin::optimizers
