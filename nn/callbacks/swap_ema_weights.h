#pragma once

#include "nn/callback.h"

namespace keratin::callbacks {

struct SwapEMAWeightsOptions {
  bool swap_on_epoch = false;
};

/// Evaluation, validation and prediction see the averaged weights that an optimizer with use_ema
/// keeps; training goes on with its own. With swap_on_epoch the averages are in the model from the
/// end of an epoch to the begin of the next too, so that a ModelCheckpoint after this callback saves
/// them. Before the first step there are no averages, and nothing is swapped. Throws ValueError
/// where it begins, unless the optimizer has use_ema.
class SwapEMAWeights : public CallbackRef {
 public:
  explicit SwapEMAWeights(const SwapEMAWeightsOptions& options = {});
};

}  // namespace keratin::callbacks
