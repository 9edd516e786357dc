#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>

#include "autograd/variable.h"
#include "nn/dtype_policy.h"
#include "nn/fields.h"

namespace keratin {

/// One value a sample: y_true, y_pred [batch, ...] -> [batch, ...] without the last axis.
using LossFunction = std::function<Variable(const Variable& y_true, const Variable& y_pred)>;

/// The sum of all samples' values, or their mean, by operations that do it at once.
using LossTotal =
    std::function<Variable(const Variable& y_true, const Variable& y_pred, bool mean)>;

/// Which values count: 1 or 0 each, of the shape of the values. Those that don't leave the mean.
using LossMask = std::function<Tensor(const Variable& y_true, const Variable& y_pred)>;

/// How the values of the samples become one number, by Keras' names.
///   sum_over_batch_size, or mean   sum of value x weight / how many values (not: sum of weights)
///   sum                            sum of value x weight
///   mean_with_sample_weight        sum of value x weight / sum of weights
///   none                           all of them, weighted
enum class LossReduction { sum_over_batch_size, sum, mean_with_sample_weight, none };
/// Throws ValueError for an unknown name.
LossReduction loss_reduction(const std::string& name);

/// A handle to a loss: a name ("mse", "sparse_categorical_crossentropy" ...), one of losses::...,
/// or any function of two variables that gives one value a sample.
class LossRef {
 public:
  LossRef() = default;  // none
  /// Throws ValueError for an unknown name, with the nearest known one.
  LossRef(const char* name);
  LossRef(const std::string& name) : LossRef(name.c_str()) {}
  template <std::invocable<const Variable&, const Variable&> F>
  requires(!std::derived_from<F, LossRef>)  // a loss of losses::... is the handle itself
      LossRef(F per_sample)
      : LossRef(LossFunction(std::move(per_sample)), "loss", "sum_over_batch_size") {}
  /// `counted` not given: all values count. `total`, where it is given, takes the place of
  /// per_sample where nothing is weighted.
  LossRef(LossFunction per_sample, std::string name, const std::string& reduction,
          LossMask counted = {}, LossTotal total = {});

  bool given() const { return impl_ != nullptr; }
  const std::string& name() const;
  /// What it was made from; null for a function of one's own.
  const OriginPtr& origin() const { return origin_; }
  /// The reduced loss, where y_pred is; targets and weights are taken over. sample_weight: [batch],
  /// or of the shape of the values, or broadcast to it;
  /// none counts as ones. Where y_pred carries a mask, what does not count weighs 0, and a mean is
  /// one over what does. Throws ShapeError where y_true and y_pred do not fit: nothing is
  /// broadcast in silence.
  Variable operator()(const Variable& y_true, const Variable& y_pred,
                      const Tensor& sample_weight = {}) const;
  /// With the function's own values of each sample, before reduction.
  Variable per_sample(const Variable& y_true, const Variable& y_pred) const;

 protected:
  template <class Options>
  void set_origin(const char* class_name, const Options& options) {
    origin_ = origin_of(class_name, options);
  }

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  OriginPtr origin_;
};

namespace losses {

struct LossOptions {
  std::string reduction = "sum_over_batch_size";
  std::string name = {};
  DTypePolicy dtype = {};

  void fields(Fields& f) {
    f("name", name);
    f("reduction", reduction);
  }
};

}  // namespace losses

namespace detail {

/// y_true beside y_pred: where the ranks differ by one and the longer ends in 1 it loses that axis
/// (or a [batch] gains one), and the dtype becomes y_pred's. Throws ShapeError naming both shapes
/// and the loss unless they are then equal.
Variable aligned_target(const std::string& loss, const Variable& y_true, const Variable& y_pred);

/// bfloat16 as float32, with its scores and mask: losses are computed in at least float32.
Variable at_least_float32(const Variable& x);

/// If `y` is the softmax (or sigmoid) of something over the last axis, that; else not defined().
Variable scores_behind(const Variable& y, const char* function);

}  // namespace detail
}  // namespace keratin
