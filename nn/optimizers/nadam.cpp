#include "nn/optimizers/nadam.h"

#include "nn/optimizers/adam.h"

namespace keratin::optimizers {

Nadam::Nadam(const NadamOptions& options)
    : OptimizerRef(std::make_shared<detail::Optimizer>(
          "Nadam", detail::settings_of(options),
          detail::moments_rule("Nadam", kernels::Update::nadam, options),
          origin_of("Nadam", options))) {}

}  // namespace keratin::optimizers
