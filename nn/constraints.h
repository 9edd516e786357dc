#pragma once

#include <functional>
#include <string>

#include "nn/fields.h"
#include "tensor/shape.h"
#include "tensor/tensor.h"

namespace keratin {

/// What a weight is put through after each step of an optimizer. A name ("max_norm", "unit_norm",
/// "min_max_norm", "non_neg", or the class), constraints::..., or any function of a tensor that
/// gives one of the same shape.
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

/// In all of them n is the norm sqrt(sum w^2) along `axis`, one axis or several: 0 for the weights
/// of each unit of a Dense layer, {0, 1, 2} for each filter of a Conv2D. Constructors throw
/// ValueError for options out of range; the layer throws ShapeError for an axis that its weight has
/// not.
namespace constraints {

struct MaxNormOptions {
  double max_value = 2;
  Axes axis = 0;
  void fields(Fields& f) { f("max_value", max_value), f("axis", axis); }
};
/// w min(n, max_value) / (n + 1e-7)
struct MaxNorm : Constraint {
  explicit MaxNorm(const MaxNormOptions& options = {});
};

/// max(w, 0)
struct NonNeg : Constraint {
  NonNeg();
};

struct UnitNormOptions {
  Axes axis = 0;
  void fields(Fields& f) { f("axis", axis); }
};
/// w / (n + 1e-7)
struct UnitNorm : Constraint {
  explicit UnitNorm(const UnitNormOptions& options = {});
};

struct MinMaxNormOptions {
  double min_value = 0;
  double max_value = 1;
  double rate = 1;
  Axes axis = 0;
  void fields(Fields& f) {
    f("min_value", min_value), f("max_value", max_value), f("rate", rate), f("axis", axis);
  }
};
/// w (rate min(max(n, min_value), max_value) + (1 - rate) n) / (n + 1e-7): with a rate below 1
/// weights go a part of the way in each step.
struct MinMaxNorm : Constraint {
  explicit MinMaxNorm(const MinMaxNormOptions& options = {});
};

}  // namespace constraints
}  // namespace keratin
