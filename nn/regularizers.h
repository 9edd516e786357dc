#pragma once

#include <functional>
#include <string>

#include "autograd/variable.h"
#include "nn/fields.h"

namespace keratin {

/// A penalty on a weight or an activation, added to the loss. A name ("l1", "l2", "l1_l2",
/// "orthogonal_regularizer"), or regularizers::...
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
/// factor times the mean of |cos| of all pairs of rows (or columns) of a matrix: 0 where each is at
/// right angles to all others, and where there is one alone. Throws ValueError for a factor below 0
/// or another mode; ShapeError for what is no matrix.
/// Source: Brock et al. 2017, "Neural photo editing", section 3.3.
struct OrthogonalRegularizer : Regularizer {
  explicit OrthogonalRegularizer(double factor = 0.01, const std::string& mode = "rows");
};
}  // namespace regularizers

}  // namespace keratin
