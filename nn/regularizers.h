#pragma once

#include <functional>
#include <string>

#include "autograd/variable.h"
#include "nn/fields.h"

namespace keratin {

/// A penalty on a weight or an activation, added to the loss. A name ("l1", "l2", "l1_l2"), or
/// regularizers::...
class Regularizer {
 public:
  Regularizer() = default;  // none
  /// Throws ValueError for an unknown name.
  Regularizer(const char* name);
  Regularizer(const std::string& name) : Regularizer(name.c_str()) {}
  explicit Regularizer(std::function<Variable(const Variable&)> penalty, OriginPtr origin = nullptr)
      : penalty_(std::move(penalty)), origin_(std::move(origin)) {}

  bool given() const { return penalty_ != nullptr; }
  /// One value.
  Variable operator()(const Variable& x) const { return penalty_(x); }
  /// What it was made from; null for a function of one's own.
  const OriginPtr& origin() const { return origin_; }

 private:
  std::function<Variable(const Variable&)> penalty_;
  OriginPtr origin_;
};

namespace regularizers {
/// l1 sum |w|
struct L1 : Regularizer {
  explicit L1(double l1 = 0.01);
};
/// l2 sum w^2
struct L2 : Regularizer {
  explicit L2(double l2 = 0.01);
};
/// l1 sum |w| + l2 sum w^2
struct L1L2 : Regularizer {
  explicit L1L2(double l1 = 0, double l2 = 0);
};
}  // namespace regularizers

/// What a weight is put through after each step of an optimizer. A name ("non_neg"), or any
/// function of a tensor.
class Constraint {
 public:
  Constraint() = default;  // none
  /// Throws ValueError for an unknown name.
  Constraint(const char* name);
  Constraint(const std::string& name) : Constraint(name.c_str()) {}
  explicit Constraint(std::function<Tensor(const Tensor&)> f, OriginPtr origin = nullptr)
      : f_(std::move(f)), origin_(std::move(origin)) {}

  bool given() const { return f_ != nullptr; }
  Tensor operator()(const Tensor& w) const { return f_(w); }
  /// What it was made from; null for a function of one's own.
  const OriginPtr& origin() const { return origin_; }

 private:
  std::function<Tensor(const Tensor&)> f_;
  OriginPtr origin_;
};

}  // namespace keratin
