#include "nn/losses/regression.h"

#include <fmt/format.h>

#include <numbers>

#include "autograd/ops/abs.h"
#include "autograd/ops/add.h"
#include "autograd/ops/divide.h"
#include "autograd/ops/log.h"
#include "autograd/ops/maximum.h"
#include "autograd/ops/minimum.h"
#include "autograd/ops/multiply.h"
#include "autograd/ops/negative.h"
#include "autograd/ops/rsqrt.h"
#include "autograd/ops/softplus.h"
#include "autograd/ops/square.h"
#include "autograd/ops/subtract.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/where.h"
#include "nn/losses/common.h"
#include "tensor/compare.h"

namespace keratin::losses {
namespace {

constexpr double kEpsilon = 1e-7;

// A loss of one value an element, averaged over the last axis.
LossFunction averaged(const char* name, Variable (*f)(const Variable& y, const Variable& p)) {
  return [=](const Variable& y_true, const Variable& y_pred) {
    return over_last_axis(f(detail::aligned_target(name, y_true, y_pred), y_pred));
  };
}

Variable of_length_1(const Variable& x, int axis) {
  return x * rsqrt(maximum(sum(square(x), {.axis = axis, .keepdims = true}), kEpsilon * kEpsilon));
}

Variable log_above_1(const Variable& x) { return log(maximum(x, kEpsilon) + 1.0); }

}  // namespace

MeanAbsolutePercentageError::MeanAbsolutePercentageError(const LossOptions& o)
    : LossRef(averaged("mean_absolute_percentage_error",
                       [](const Variable& y, const Variable& p) {
                         return abs((y - p) / maximum(abs(y), kEpsilon)) * 100.0;
                       }),
              name_or(o.name, "mean_absolute_percentage_error"), o.reduction) {
  set_origin("MeanAbsolutePercentageError", o);
}

MeanSquaredLogarithmicError::MeanSquaredLogarithmicError(const LossOptions& o)
    : LossRef(averaged("mean_squared_logarithmic_error",
                       [](const Variable& y, const Variable& p) {
                         return square(log_above_1(p) - log_above_1(y));
                       }),
              name_or(o.name, "mean_squared_logarithmic_error"), o.reduction) {
  set_origin("MeanSquaredLogarithmicError", o);
}

CosineSimilarity::CosineSimilarity(const CosineSimilarityOptions& o)
    : LossRef(
          [axis = o.axis](const Variable& y_true, const Variable& y_pred) {
            const Variable y = detail::aligned_target("cosine_similarity", y_true, y_pred);
            return -sum(of_length_1(y, axis) * of_length_1(y_pred, axis), {.axis = axis});
          },
          o.name, o.reduction) {
  set_origin("CosineSimilarity", o);
}

Huber::Huber(const HuberOptions& o)
    : LossRef(
          [delta = o.delta](const Variable& y_true, const Variable& y_pred) {
            const Variable e = y_pred - detail::aligned_target("huber", y_true, y_pred);
            const Variable size = abs(e);
            return over_last_axis(where(less_equal(size.value(), delta), square(e) * 0.5,
                                        size * delta - delta * delta / 2));
          },
          o.name, o.reduction) {
  set_origin("Huber", o);
  if (!(o.delta >= 0)) {
    throw ValueError(fmt::format("Huber: delta is {}; it may not be negative", o.delta));
  }
}

LogCosh::LogCosh(const LossOptions& o)
    : LossRef(averaged("log_cosh",
                       [](const Variable& y, const Variable& p) {
                         const Variable e = p - y;
                         return e + softplus(e * -2.0) - std::numbers::ln2;
                       }),
              name_or(o.name, "log_cosh"), o.reduction) {
  set_origin("LogCosh", o);
}

Poisson::Poisson(const LossOptions& o)
    : LossRef(averaged("poisson", [](const Variable& y,
                                     const Variable& p) { return p - y * log(p + kEpsilon); }),
              name_or(o.name, "poisson"), o.reduction) {
  set_origin("Poisson", o);
}

KLDivergence::KLDivergence(const LossOptions& o)
    : LossRef(
          [](const Variable& y_true, const Variable& y_pred) {
            const auto cut = [](const Variable& x) { return minimum(maximum(x, kEpsilon), 1.0); };
            const Variable y = cut(detail::aligned_target("kl_divergence", y_true, y_pred));
            const Variable each = y * log(y / cut(y_pred));
            return each.rank() == 0 ? each : sum(each, {.axis = -1});
          },
          name_or(o.name, "kl_divergence"), o.reduction) {
  set_origin("KLDivergence", o);
}

}  // namespace keratin::losses
