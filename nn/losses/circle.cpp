#include "nn/losses/circle.h"

#include <fmt/format.h>

#include "autograd/ops/add.h"
#include "autograd/ops/exp.h"
#include "autograd/ops/log.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/max.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/softplus.h"
#include "autograd/ops/squeeze.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/where.h"
#include "nn/losses/class_numbers.h"
#include "tensor/compare.h"

namespace keratin::losses {
namespace {

// [rows], whole numbers, one a row of the embeddings.
Tensor numbers_beside(const Tensor& labels, const Variable& embeddings) {
  const Shape &t = labels.shape(), &p = embeddings.shape();
  const bool fits = p.rank() == 2 && (t == Shape{p[0]} || t == Shape{p[0], 1});
  if (!fits) {
    throw ShapeError(
        fmt::format("circle: class numbers are {}, embeddings {}; expected [batch] or [batch, 1], "
                    "and [batch, size]",
                    labels.spec().text(), embeddings.value().spec().text()));
  }
  return class_numbers("circle", labels).reshaped({p[0]});
}

// ln sum exp(x) over each row's elements that count. Rows without any give 0.
Variable log_sum_exp(const Variable& x, const Tensor& counts) {
  constexpr double kLeftOut = -1e30;  // of which exp is 0, and so is its gradient
  const Tensor some = any(counts, {.axis = 1, .keepdims = true});  // [rows, 1]
  const Tensor largest =
      where(some, max(where(counts, x.value(), kLeftOut), {.axis = 1, .keepdims = true}), 0.0);
  const Variable total =
      sum(exp(where(counts, x - largest, kLeftOut)), {.axis = 1, .keepdims = true});
  return log(where(some, total, 1.0)) + largest;  // [rows, 1]
}

// [B, n]: is embedding j of the class of sample i?
struct Pairs {
  Tensor same, other;
};
Pairs pairs_of(const Tensor& labels, const Tensor& ref_labels, bool remove_diagonal,
               const Device& device) {
  const std::int64_t rows = labels.size(), columns = ref_labels.size();
  const Tensor same = equal(labels.reshaped({rows, 1}), ref_labels.reshaped({1, columns}));
  const Tensor other = logical_not(same);
  if (!remove_diagonal) return {same.to(device), other.to(device)};
  const auto numbers = [](std::int64_t count) {
    return arange(0, static_cast<double>(count), 1, int64);
  };
  const Tensor off_diagonal =
      not_equal(numbers(rows).reshaped({rows, 1}), numbers(columns).reshaped({1, columns}));
  return {logical_and(same, off_diagonal).to(device), other.to(device)};
}

}  // namespace

Variable circle(const Variable& y_true, const Variable& y_pred, const Tensor& ref_labels,
                const Variable& ref_embeddings, const CircleOptions& o) {
  const Tensor labels = numbers_beside(y_true.value(), y_pred);
  const Pairs pairs = pairs_of(labels, numbers_beside(ref_labels, ref_embeddings),
                               o.remove_diagonal, y_pred.value().device());
  // [B, n]
  const Variable distance =
      maximum(1.0 - matmul(y_pred, ref_embeddings, {.transpose_b = true}), 0.0);
  const Variable near = (distance + o.margin) * (o.margin - distance) * -o.gamma;
  const Variable far = maximum(1 + o.margin - distance, 0.0) * (1 - o.margin - distance) * o.gamma;
  const Variable value =
      softplus(log_sum_exp(near, pairs.same) + log_sum_exp(far, pairs.other));  // [B, 1]
  const Tensor has_both = logical_and(any(pairs.same, {.axis = 1, .keepdims = true}),
                                      any(pairs.other, {.axis = 1, .keepdims = true}));
  return squeeze(where(has_both, value, 0.0), {.axis = 1});
}

namespace {

LossFunction within_batch(const CircleOptions& o) {
  return [o](const Variable& y_true, const Variable& y_pred) {
    return circle(y_true, y_pred, y_true.value(), y_pred, o);
  };
}

}  // namespace

Circle::Circle(const CircleOptions& options)
    : LossRef(within_batch(options), options.name, options.reduction,
              [values = within_batch(options)](const Variable& y_true, const Variable& y_pred) {
                return greater(values(y_true, Variable(y_pred.value(), false)).value(), 0.0);
              }) {
  set_origin("Circle", options);
}

}  // namespace keratin::losses
