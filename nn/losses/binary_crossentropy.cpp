#include "nn/losses/binary_crossentropy.h"

#include <fmt/format.h>

#include "autograd/ops/add.h"
#include "autograd/ops/log.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/sigmoid_cross_entropy.h"
#include "autograd/ops/subtract.h"
#include "nn/losses/common.h"

namespace keratin::losses {
namespace {

Variable values(const BinaryCrossentropyOptions& o, const Variable& y_true,
                const Variable& y_pred) {
  Variable y = detail::aligned_target("binary_crossentropy", y_true, y_pred);
  if (o.label_smoothing != 0) y = y * (1 - o.label_smoothing) + o.label_smoothing / 2;
  const Variable logits = o.from_logits ? y_pred : detail::scores_behind(y_pred, "sigmoid");
  if (logits.defined()) return sigmoid_cross_entropy(logits, y);
  const Variable p = minimum(maximum(y_pred, 1e-7), 1 - 1e-7);
  return -(y * log(p) + (1.0 - y) * log(1.0 - p));
}

}  // namespace

BinaryCrossentropy::BinaryCrossentropy(const BinaryCrossentropyOptions& options)
    : LossRef(
          [o = options](const Variable& y_true, const Variable& y_pred) {
            const Variable each = values(o, y_true, y_pred);
            return each.rank() <= 1 ? each : mean(each, {.axis = o.axis});
          },
          options.name, options.reduction) {
  set_origin("BinaryCrossentropy", options);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
    throw ValueError(fmt::format("BinaryCrossentropy: label_smoothing is {}; expected 0 to 1",
                                 options.label_smoothing));
  }
}

}  // namespace keratin::losses
