#include "nn/optimizers/lamb.h"

#include "nn/optimizers/adam.h"

namespace keratin::optimizers {

Lamb::Lamb(const LambOptions& options)
    : OptimizerRef(std::make_shared<detail::Optimizer>(
          "Lamb", detail::settings_of(options),
          detail::moments_rule("Lamb", kernels::Update::lamb, options),
          origin_of("Lamb", options))) {}

}  // namespace keratin::optimizers
