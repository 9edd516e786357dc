#include "nn/optimizers/adamw.h"

#include "nn/optimizers/adam.h"

namespace keratin::optimizers {

AdamW::AdamW(const AdamWOptions& options)
    : OptimizerRef(std::make_shared<detail::Optimizer>("AdamW", detail::settings_of(options),
                                                       detail::adam_rule("AdamW", options),
                                                       origin_of("AdamW", options))) {}

}  // namespace keratin::optimizers
