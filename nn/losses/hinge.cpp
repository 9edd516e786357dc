#include "nn/losses/hinge.h"

#include "autograd/ops/add.h"
#include "autograd/ops/max.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "nn/losses/common.h"
#include "tensor/cast.h"
#include "tensor/compare.h"

namespace keratin::losses {
namespace {

// How far each prediction is from the safe side.   max(1 - y p, 0)
Variable shortfall(const char* loss, const Variable& y_true, const Variable& y_pred) {
  Variable y = detail::aligned_target(loss, y_true, y_pred);
  // 0 and 1 become -1 and 1. As a number where the targets are, so that nothing waits for a GPU.
  const Tensor& values = y.value();
  const Variable binary =
      cast(all(logical_or(equal(values, 0.0), equal(values, 1.0))), values.dtype());
  y = y * (binary + 1.0) - binary;
  return maximum(1.0 - y * y_pred, 0.0);
}

}  // namespace

Hinge::Hinge(const LossOptions& o)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            return over_last_axis(shortfall("hinge", y_true, y_pred));
          },
          name_or(o.name, "hinge"), o.reduction) {
  set_origin("Hinge", o);
}

SquaredHinge::SquaredHinge(const LossOptions& o)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            return over_last_axis(square(shortfall("squared_hinge", y_true, y_pred)));
          },
          name_or(o.name, "squared_hinge"), o.reduction) {
  set_origin("SquaredHinge", o);
}

CategoricalHinge::CategoricalHinge(const LossOptions& o)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            const Variable y = detail::aligned_target("categorical_hinge", y_true, y_pred);
            const Variable right = sum(y * y_pred, {.axis = -1});
            const Variable wrong = max((1.0 - y) * y_pred, {.axis = -1});
            return maximum(wrong - right + 1.0, 0.0);
          },
          name_or(o.name, "categorical_hinge"), o.reduction) {
  set_origin("CategoricalHinge", o);
}

}  // namespace keratin::losses
