#include "nn/losses/mean_squared_error.h"

#include "autograd/ops/mean.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "nn/losses/common.h"

namespace keratin::losses {

MeanSquaredError::MeanSquaredError(const LossOptions& options)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            return over_last_axis(
                square(y_pred - detail::aligned_target("mean_squared_error", y_true, y_pred)));
          },
          name_or(options.name, "mean_squared_error"), options.reduction) {
  set_origin("MeanSquaredError", options);
}

}  // namespace keratin::losses
