#include "nn/optimizers/adam.h"

namespace keratin::optimizers {

Adam::Adam(const AdamOptions& options)
    : OptimizerRef(std::make_shared<detail::Optimizer>("Adam", detail::settings_of(options),
                                                       detail::adam_rule("Adam", options),
                                                       origin_of("Adam", options))) {}

}  // namespace keratin::optimizers
