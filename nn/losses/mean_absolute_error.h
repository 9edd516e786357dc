#pragma once

#include "nn/loss.h"

namespace keratin::losses {

/// |y_true - y_pred|, averaged over the last axis. Names: "mae", "mean_absolute_error".
class MeanAbsoluteError : public LossRef {
 public:
  explicit MeanAbsoluteError(const LossOptions& options = {});
};

}  // namespace keratin::losses
