#include "nn/losses/sparse_categorical_crossentropy.h"

#include <fmt/format.h>

#include "autograd/ops/divide.h"
#include "autograd/ops/log.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/sparse_softmax_cross_entropy.h"
#include "autograd/ops/sum.h"
#include "nn/losses/class_numbers.h"
#include "tensor/compare.h"
#include "tensor/recording.h"

namespace keratin::losses {
namespace {

// Class numbers [...] as int32, on the CPU, where they are checked against the classes of the
// predictions [..., classes].
Tensor labels_of(const Variable& y_true, const Variable& y_pred) {
  Tensor y = y_true.value();
  const Shape &t = y.shape(), &p = y_pred.shape();
  if (p.rank() < 1)
    throw ShapeError("sparse_categorical_crossentropy: predictions have no axis of classes");
  const Shape wanted = p.slice(0, p.rank() - 1);
  if (t != wanted && t.rank() == p.rank() && t.back() == 1)
    y = y.reshaped(t.slice(0, t.rank() - 1));
  if (y.shape() != wanted) {
    const bool one_hot = t == p;
    throw ShapeError(
        fmt::format("sparse_categorical_crossentropy: targets are {}, predictions {}; expected one "
                    "class number a prediction, {} or {}.{}",
                    y_true.value().spec().text(), y_pred.value().spec().text(), wanted.text(),
                    wanted.joined({1}).text(),
                    one_hot ? " For one-hot targets use categorical_crossentropy." : ""));
  }
  return keratin::detail::computed_each_run(
      y, [y] { return class_numbers("sparse_categorical_crossentropy", y); });
}

LossMask not_ignored(std::optional<std::int64_t> ignore_class) {
  if (!ignore_class) return {};
  return [ignored = static_cast<double>(*ignore_class)](const Variable& y_true,
                                                        const Variable& y_pred) {
    const Tensor labels = labels_of(y_true, y_pred);
    return keratin::detail::computed_each_run(
        labels, [labels, ignored] { return not_equal(labels, ignored); });
  };
}

// What the predictions are the softmax of.
Variable logits_of(const SparseCategoricalCrossentropyOptions& o, const Variable& y_pred) {
  if (o.from_logits) return y_pred;
  if (const Variable scores = detail::scores_behind(y_pred, "softmax"); scores.defined())
    return scores;
  // The log of probabilities that sum to 1 are logits of the same probabilities.
  const Variable p = y_pred / sum(y_pred, {.axis = -1, .keepdims = true});
  return log(minimum(maximum(p, 1e-7), 1 - 1e-7));
}

}  // namespace

SparseCategoricalCrossentropy::SparseCategoricalCrossentropy(
    const SparseCategoricalCrossentropyOptions& options)
    : LossRef(
          [o = options](const Variable& y_true, const Variable& y_pred) {
            const Tensor labels = labels_of(y_true, y_pred);
            return sparse_softmax_cross_entropy(logits_of(o, y_pred), labels,
                                                {.ignore_class = o.ignore_class});
          },
          options.name, options.reduction, not_ignored(options.ignore_class),
          [o = options](const Variable& y_true, const Variable& y_pred, bool mean) {
            const Tensor labels = labels_of(y_true, y_pred);
            const auto count = static_cast<double>(labels.size());
            return sparse_softmax_cross_entropy(
                logits_of(o, y_pred), labels,
                {.ignore_class = o.ignore_class,
                 .total_scale = !mean || count == 0 ? 1 : 1 / count});
          }) {
  set_origin("SparseCategoricalCrossentropy", options);
  if (options.axis != -1) {
    throw ValueError(fmt::format(
        "SparseCategoricalCrossentropy: axis is {}; only the last one, -1, is supported",
        options.axis));
  }
}

}  // namespace keratin::losses
