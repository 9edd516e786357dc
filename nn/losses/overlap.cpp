#include "nn/losses/overlap.h"

#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"

namespace keratin::losses {

Dice::Dice(const DiceOptions& options)
    : LossRef(
          [axis = options.axis](const Variable& y_true, const Variable& p) {
            const Variable y = detail::aligned_target("dice", y_true, p);
            const ReduceOptions over{.axis = axis};
            return 1.0 - sum(y * p, over) * 2.0 / (sum(y, over) + sum(p, over) + 1e-7);
          },
          options.name, options.reduction) {
  set_origin("Dice", options);
}

Tversky::Tversky(const TverskyOptions& options)
    : LossRef(
          [o = options](const Variable& y_true, const Variable& p) {
            const Variable y = detail::aligned_target("tversky", y_true, p);
            const ReduceOptions over{.axis = o.axis};
            const Variable both = sum(y * p, over);
            const Variable missed = sum((1.0 - p) * y, over), extra = sum(p * (1.0 - y), over);
            return 1.0 - both / (both + missed * o.alpha + extra * o.beta + 1e-7);
          },
          options.name, options.reduction) {
  set_origin("Tversky", options);
}

}  // namespace keratin::losses
