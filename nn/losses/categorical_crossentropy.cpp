#include "nn/losses/categorical_crossentropy.h"

#include <fmt/format.h>

#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/log.h"
#include "autograd/ops/log_softmax.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/softmax_cross_entropy.h"
#include "autograd/ops/sum.h"
#include "nn/losses/common.h"

namespace keratin::losses {
namespace {

Variable values(const CategoricalCrossentropyOptions& o, const Variable& y_true,
                const Variable& y_pred) {
  if (y_true.shape() != y_pred.shape()) {
    const bool labels = y_true.rank() + 1 == y_pred.rank() ||
                        (y_true.rank() == y_pred.rank() && y_true.shape().back() == 1);
    throw ShapeError(
        fmt::format("categorical_crossentropy: targets are {}, predictions {}; their shapes must "
                    "be the same.{}",
                    y_true.value().spec().text(), y_pred.value().spec().text(),
                    labels ? " For class numbers use sparse_categorical_crossentropy." : ""));
  }
  Variable y = detail::aligned_target("categorical_crossentropy", y_true, y_pred);
  const std::int64_t axis = normalized_axis("categorical_crossentropy", o.axis, y_pred.rank());
  if (o.label_smoothing != 0) {
    y = y * (1 - o.label_smoothing) + o.label_smoothing / static_cast<double>(y.shape()[axis]);
  }
  const bool last = axis == y_pred.rank() - 1;
  const Variable logits = o.from_logits ? y_pred
                          : last        ? detail::scores_behind(y_pred, "softmax")
                                        : Variable();
  if (logits.defined() && last) return softmax_cross_entropy(logits, y);
  if (logits.defined()) return -sum(y * log_softmax(logits, {.axis = o.axis}), {.axis = o.axis});
  const Variable p = y_pred / sum(y_pred, {.axis = o.axis, .keepdims = true});
  return -sum(y * log(minimum(maximum(p, 1e-7), 1 - 1e-7)), {.axis = o.axis});
}

}  // namespace

CategoricalCrossentropy::CategoricalCrossentropy(const CategoricalCrossentropyOptions& options)
    : LossRef([o = options](const Variable& y_true,
                            const Variable& y_pred) { return values(o, y_true, y_pred); },
              options.name, options.reduction) {
  set_origin("CategoricalCrossentropy", options);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
    throw ValueError(fmt::format("CategoricalCrossentropy: label_smoothing is {}; expected 0 to 1",
                                 options.label_smoothing));
  }
}

}  // namespace keratin::losses
