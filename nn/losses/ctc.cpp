#include "nn/losses/ctc.h"

#include <fmt/format.h>

#include "autograd/ops/ctc_loss.h"
#include "autograd/ops/log_softmax.h"
#include "autograd/ops/to_device.h"
#include "nn/losses/class_numbers.h"
#include "nn/losses/common.h"

namespace keratin::losses {
namespace {

Variable ctc(const Variable& y_true, const Variable& y_pred) {
  const Shape &t = y_true.shape(), &p = y_pred.shape();
  if (t.rank() != 2 || p.rank() != 3 || t[0] != p[0]) {
    throw ShapeError(
        fmt::format("ctc: targets are {}, predictions {}; expected [batch, labels] and "
                    "[batch, steps, classes]",
                    y_true.value().spec().text(), y_pred.value().spec().text()));
  }
  const Tensor labels = class_numbers("ctc", y_true.value());
  const Variable log_p = to_device(log_softmax(y_pred), Device{});
  return to_device(ctc_loss(log_p, labels), y_pred.value().device());
}

}  // namespace

CTC::CTC(const LossOptions& o) : LossRef(ctc, name_or(o.name, "ctc"), o.reduction) {
  set_origin("CTC", o);
}

}  // namespace keratin::losses
