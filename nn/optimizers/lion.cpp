#include "nn/optimizers/lion.h"

#include <fmt/format.h>

namespace keratin::optimizers {

Lion::Lion(const LionOptions& options)
    : OptimizerRef([&] {
        if (!(options.beta_1 > 0 && options.beta_1 <= 1)) {
          throw ValueError(
              fmt::format("Lion: beta_1 is {}; expected more than 0, at most 1", options.beta_1));
        }
        detail::require_in("Lion", "beta_2", options.beta_2, 0, 1);
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::lion;
        constants.beta_1 = options.beta_1;
        constants.beta_2 = options.beta_2;
        return std::make_shared<detail::Optimizer>(
            "Lion", detail::settings_of(options),
            detail::UpdateRule{.constants = constants, .slots = {true, false, false}},
            origin_of("Lion", options));
      }()) {}

}  // namespace keratin::optimizers
