#include "nn/optimizers/sgd.h"

namespace keratin::optimizers {

SGD::SGD(const SGDOptions& options)
    : OptimizerRef([&] {
        detail::require_in("SGD", "momentum", options.momentum, 0, 1);
        kernels::UpdateShape constants{};
        constants.update = kernels::Update::sgd;
        constants.momentum = options.momentum;
        constants.nesterov = options.nesterov;
        return std::make_shared<detail::Optimizer>(
            "SGD", detail::settings_of(options),
            detail::UpdateRule{.constants = constants,
                               .slots = {options.momentum != 0, false, false}},
            origin_of("SGD", options));
      }()) {}

}  // namespace keratin::optimizers
