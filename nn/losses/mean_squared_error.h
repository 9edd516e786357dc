#pragma once

#include "nn/loss.h"

namespace keratin::losses {

/// (y_true - y_pred)^2, averaged over the last axis. Names: "mse", "mean_squared_error".
class MeanSquaredError : public LossRef {
 public:
  explicit MeanSquaredError(const LossOptions& options = {});
};

}  // namespace keratin::losses
