#include "nn/losses/mean_absolute_error.h"

#include "autograd/ops/abs.h"
#include "autograd/ops/subtract.h"
#include "nn/losses/common.h"

namespace keratin::losses {

MeanAbsoluteError::MeanAbsoluteError(const LossOptions& options)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            return over_last_axis(
                abs(y_pred - detail::aligned_target("mean_absolute_error", y_true, y_pred)));
          },
          name_or(options.name, "mean_absolute_error"), options.reduction) {
  set_origin("MeanAbsoluteError", options);
}

}  // namespace keratin::losses
