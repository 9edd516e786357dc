#include "nn/optimizers/adamax.h"

#include "nn/optimizers/adam.h"

namespace keratin::optimizers {

Adamax::Adamax(const AdamaxOptions& options)
    : OptimizerRef(std::make_shared<detail::Optimizer>(
          "Adamax", detail::settings_of(options),
          detail::moments_rule("Adamax", kernels::Update::adamax, options),
          origin_of("Adamax", options))) {}

}  // namespace keratin::optimizers
