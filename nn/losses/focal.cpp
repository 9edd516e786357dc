#include "nn/losses/focal.h"

#include <fmt/format.h>

#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/log.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/mean.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/power.h"
#include "autograd/ops/sigmoid.h"
#include "autograd/ops/sigmoid_cross_entropy.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "nn/losses/class_numbers.h"
#include "tensor/one_hot.h"

namespace keratin::losses {
namespace {

Variable cut(const Variable& p) { return minimum(maximum(p, 1e-7), 1 - 1e-7); }

Variable binary(const BinaryFocalCrossentropyOptions& o, const Variable& y_true,
                const Variable& y_pred) {
  Variable y = detail::aligned_target("binary_focal_crossentropy", y_true, y_pred);
  if (o.label_smoothing != 0) y = y * (1 - o.label_smoothing) + o.label_smoothing / 2;
  const Variable logits = o.from_logits ? y_pred : detail::scores_behind(y_pred, "sigmoid");
  const Variable p = o.from_logits ? sigmoid(y_pred) : y_pred;
  const Variable entropy = logits.defined() ? sigmoid_cross_entropy(logits, y)
                                            : -(y * log(cut(p)) + (1.0 - y) * log(1.0 - cut(p)));
  const Variable right = y * p + (1.0 - y) * (1.0 - p);
  const Variable each = power(1.0 - right, o.gamma) * entropy;
  return o.apply_class_balancing ? (y * o.alpha + (1.0 - y) * (1 - o.alpha)) * each : each;
}

Variable categorical(const CategoricalFocalCrossentropyOptions& o, const Variable& y_true,
                     const Variable& y_pred) {
  Variable y = detail::aligned_target("categorical_focal_crossentropy", y_true, y_pred);
  const std::int64_t axis =
      normalized_axis("categorical_focal_crossentropy", o.axis, y_pred.rank());
  if (o.label_smoothing != 0) {
    y = y * (1 - o.label_smoothing) + o.label_smoothing / static_cast<double>(y.shape()[axis]);
  }
  Variable p = o.from_logits ? softmax(y_pred, {.axis = o.axis}) : y_pred;
  p = cut(p / sum(p, {.axis = o.axis, .keepdims = true}));
  return sum(power(1.0 - p, o.gamma) * o.alpha * (-y * log(p)), {.axis = o.axis});
}

void require_smoothing(const char* loss, double label_smoothing) {
  if (label_smoothing >= 0 && label_smoothing <= 1) return;
  throw ValueError(
      fmt::format("{}: label_smoothing is {}; expected 0 to 1", loss, label_smoothing));
}

Variable generalized(double q, const Variable& y_true, const Variable& y_pred) {
  constexpr const char* kName = "categorical_generalized_cross_entropy";
  const Shape &t = y_true.shape(), &p = y_pred.shape();
  if (p.rank() < 1) throw ShapeError(fmt::format("{}: predictions have no classes", kName));
  const Shape wanted = p.slice(0, p.rank() - 1);
  if (t != wanted && t != wanted.joined({1})) {
    throw ShapeError(
        fmt::format("{}: targets are {}, predictions {}; expected one class number a prediction",
                    kName, y_true.value().spec().text(), y_pred.value().spec().text()));
  }
  const Tensor classes = class_numbers(kName, y_true.value()).reshaped(wanted);
  const std::int32_t* numbers = classes.data<std::int32_t>();
  for (std::int64_t i = 0; i < classes.size(); ++i) {
    if (numbers[i] >= 0 && numbers[i] < p.back()) continue;
    throw ValueError(fmt::format("{}: label {} of sample {} is out of range; expected 0 to {}",
                                 kName, numbers[i], i, p.back() - 1));
  }
  const Tensor hot =
      one_hot(classes, p.back(), {.dtype = y_pred.dtype()}).to(y_pred.value().device());
  return (1.0 - power(sum(y_pred * hot, {.axis = -1}), q)) * (1 / q);
}

}  // namespace

BinaryFocalCrossentropy::BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options)
    : LossRef(
          [o = options](const Variable& y_true, const Variable& y_pred) {
            const Variable each = binary(o, y_true, y_pred);
            return each.rank() <= 1 ? each : mean(each, {.axis = o.axis});
          },
          options.name, options.reduction) {
  set_origin("BinaryFocalCrossentropy", options);
  require_smoothing("BinaryFocalCrossentropy", options.label_smoothing);
}

CategoricalFocalCrossentropy::CategoricalFocalCrossentropy(
    const CategoricalFocalCrossentropyOptions& options)
    : LossRef([o = options](const Variable& y_true,
                            const Variable& y_pred) { return categorical(o, y_true, y_pred); },
              options.name, options.reduction) {
  set_origin("CategoricalFocalCrossentropy", options);
  require_smoothing("CategoricalFocalCrossentropy", options.label_smoothing);
}

CategoricalGeneralizedCrossEntropy::CategoricalGeneralizedCrossEntropy(
    const CategoricalGeneralizedCrossEntropyOptions& options)
    : LossRef([q = options.q](const Variable& y_true,
                              const Variable& y_pred) { return generalized(q, y_true, y_pred); },
              options.name, options.reduction) {
  set_origin("CategoricalGeneralizedCrossEntropy", options);
  if (!(options.q > 0 && options.q < 1)) {
    throw ValueError(fmt::format(
        "CategoricalGeneralizedCrossEntropy: q is {}; expected more than 0 and less than 1",
        options.q));
  }
}

}  // namespace keratin::losses
