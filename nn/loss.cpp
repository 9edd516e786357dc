#include "nn/loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/cast.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/where.h"
#include "autograd/tape.h"
#include "nn/mask.h"
#include "nn/placement.h"
#include "tensor/cast.h"
#include "tensor/compare.h"
#include "tensor/named.h"
#include "tensor/recording.h"
#include "tensor/reduction.h"

namespace keratin {

struct LossRef::Impl {
  LossFunction function;
  std::string name;
  LossReduction reduction;
  LossMask counted;
  LossTotal total;
};

namespace {

// What a mean divides by: a number, or on a GPU, whose steps nobody waits for, a tensor.
struct Divisor {
  double number;
  Tensor there = {};

  // sum times factor
  void take(const Tensor& sum, double factor) {
    if (sum.device().is_cpu()) {
      number = sum.item<double>() * factor;
    } else {
      there = sum * factor;
    }
  }
  // total / the divisor, or 0 where that is 0
  Variable share_of(const Variable& total) const {
    if (!there.defined()) return total * (number == 0 ? 0 : 1 / number);
    return total * where(equal(there, 0), 0, 1 / there);
  }
};

// A weight a sample goes with all of its values: [batch] or [batch, 1] beside [batch, time].
Tensor beside(const char* what, const Tensor& sample_weight, const Tensor& values,
              const std::string& loss) {
  Tensor weight = cast(sample_weight, values.dtype()).to(values.device());
  while (weight.rank() > values.rank() && weight.shape().back() == 1)
    weight = weight.reshaped(weight.shape().slice(0, weight.rank() - 1));
  while (weight.rank() < values.rank()) weight = weight.reshaped(weight.shape().joined({1}));
  bool fits = weight.rank() == values.rank();
  for (std::int64_t i = 0; fits && i < weight.rank(); ++i) {
    fits = weight.shape()[i] == values.shape()[i] || (i > 0 && weight.shape()[i] == 1);
  }
  if (!fits) {
    throw ShapeError(fmt::format(
        "{}: {} is {}, the values of the samples are {}; expected one weight a sample, or one a "
        "value",
        loss, what, sample_weight.spec().text(), values.spec().text()));
  }
  return weight;
}

void require_both(const std::string& loss, const Variable& y_true, const Variable& y_pred) {
  if (y_true.defined() && y_pred.defined()) return;
  throw ValueError(fmt::format("{}: needs targets and predictions; no targets were given", loss));
}

// Targets where the predictions are; but integers stay: they may be class numbers, which are checked
// on the CPU.
Variable there(const Variable& y_true, const Variable& y_pred) {
  if (!y_true.defined() || !y_pred.defined() || !is_floating(y_true.dtype())) return y_true;
  return detail::placed(y_true, y_pred.value().device());
}

}  // namespace

LossReduction loss_reduction(const std::string& name) {
  if (name == "sum_over_batch_size" || name == "mean") return LossReduction::sum_over_batch_size;
  if (name == "sum") return LossReduction::sum;
  if (name == "mean_with_sample_weight") return LossReduction::mean_with_sample_weight;
  if (name == "none" || name.empty()) return LossReduction::none;
  throw ValueError(fmt::format(
      "loss: unknown reduction \"{}\"{}", name,
      name_hint(name, {"sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"})));
}

LossRef::LossRef(LossFunction per_sample, std::string name, const std::string& reduction,
                 LossMask counted, LossTotal total)
    : impl_(std::make_shared<const Impl>(Impl{std::move(per_sample), std::move(name),
                                              loss_reduction(reduction), std::move(counted),
                                              std::move(total)})) {}

const std::string& LossRef::name() const {
  static const std::string none;
  return impl_ == nullptr ? none : impl_->name;
}

Variable LossRef::per_sample(const Variable& given, const Variable& y_pred) const {
  const Variable y_true = there(given, y_pred);
  if (impl_ == nullptr) throw ValueError("loss: none was given");
  require_both(impl_->name, y_true, y_pred);
  return impl_->function(detail::at_least_float32(y_true), detail::at_least_float32(y_pred));
}

Variable LossRef::operator()(const Variable& given, const Variable& y_pred,
                             const Tensor& sample_weight) const {
  const Variable y_true = there(given, y_pred);
  const kernels::ScopeGuard scope(kernels::scope_of(nullptr, kernels::ScopeKind::loss, name()));
  const bool weighs = sample_weight.defined() || mask_of(y_pred).defined();
  if (impl_ != nullptr && impl_->total && !impl_->counted && !weighs &&
      impl_->reduction != LossReduction::none) {
    require_both(impl_->name, y_true, y_pred);
    return impl_->total(detail::at_least_float32(y_true), detail::at_least_float32(y_pred),
                        impl_->reduction != LossReduction::sum);
  }
  Variable values = per_sample(y_true, y_pred);
  Divisor divisor{static_cast<double>(values.size())};
  Tensor weight;
  if (sample_weight.defined())
    weight = beside("sample_weight", sample_weight, values.value(), impl_->name);
  Tensor mask;
  if (impl_->counted) {
    const Tensor counted = impl_->counted(y_true, y_pred);
    mask = detail::computed_each_run(counted, [counted, dtype = values.dtype()] {
             return cast(counted, dtype);
           }).to(values.value().device());
  }
  if (const Tensor carried = mask_of(y_pred); carried.defined()) {
    const Tensor steps =
        beside("the mask of the predictions", carried, values.value(), impl_->name);
    mask = mask.defined() ? mask * steps : steps;
  }
  if (mask.defined()) {
    if (impl_->reduction == LossReduction::sum_over_batch_size) {
      divisor.take(sum(mask),
                   divisor.number / static_cast<double>(std::max<std::int64_t>(1, mask.size())));
    }
    weight = weight.defined() ? weight * mask : mask;
  }
  if (weight.defined()) {
    values = values * weight;
    if (impl_->reduction == LossReduction::mean_with_sample_weight) {
      const double repeats = static_cast<double>(values.size()) /
                             static_cast<double>(std::max<std::int64_t>(1, weight.size()));
      divisor.take(sum(weight), repeats);
    }
  }
  switch (impl_->reduction) {
    case LossReduction::none:
      return values;
    case LossReduction::sum:
      return sum(values);
    case LossReduction::sum_over_batch_size:
    case LossReduction::mean_with_sample_weight:
      break;
  }
  return divisor.share_of(sum(values));
}

namespace detail {

Variable at_least_float32(const Variable& x) {
  if (x.dtype() != bfloat16) return x;
  Variable wide = cast(x, float32);
  if (x.impl()->scores != nullptr) {
    wide.impl()->scores = cast(Variable(x.impl()->scores), float32).impl();
    wide.impl()->scores_function = x.impl()->scores_function;
  }
  return keep_mask(x, wide);
}

Variable aligned_target(const std::string& loss, const Variable& y_true, const Variable& y_pred) {
  const Tensor& target = y_true.value();
  Variable y = y_true;
  if (target.dtype() != y_pred.dtype() && !y_true.requires_grad())
    y = Variable(cast(target.to(y_pred.value().device()), y_pred.dtype()), false);
  const Shape &t = y.shape(), &p = y_pred.shape();
  if (t.rank() == p.rank() + 1 && t.back() == 1) {
    y = reshape(y, t.slice(0, t.rank() - 1));
  } else if (p.rank() == t.rank() + 1 && p.back() == 1) {
    y = reshape(y, t.joined({1}));
  }
  if (y.shape() != p) {
    throw ShapeError(
        fmt::format("{}: targets are {}, predictions {}; their shapes must be the same. Reshape "
                    "the targets, or "
                    "give the last layer as many units as a target has numbers.",
                    loss, y_true.value().spec().text(), y_pred.value().spec().text()));
  }
  return y;
}

Variable scores_behind(const Variable& y, const char* function) {
  if (y.impl()->scores == nullptr || std::string_view(y.impl()->scores_function) != function)
    return {};
  return Variable(y.impl()->scores);
}

}  // namespace detail
}  // namespace keratin
