#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "nn/fields.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace keratin {

/// Makes the first values of a weight. Built from a name ("glorot_uniform", "he_normal", "zeros"
/// ...), or one of initializers::...; a function of a shape and a dtype works too.
class Initializer {
 public:
  using Function = std::function<Tensor(const Shape& shape, DType dtype)>;

  Initializer() = default;  // not given
  /// Throws ValueError for an unknown name, with the nearest known one.
  Initializer(const char* name);
  Initializer(const std::string& name) : Initializer(name.c_str()) {}
  Initializer(Function function, OriginPtr origin = nullptr)
      : function_(std::move(function)), origin_(std::move(origin)) {}

  bool given() const { return function_ != nullptr; }
  Tensor operator()(const Shape& shape, DType dtype = float32) const {
    return function_(shape, dtype);
  }
  /// What it was made from; null for a function of one's own.
  const OriginPtr& origin() const { return origin_; }

 private:
  Function function_;
  OriginPtr origin_;
};

/// The initializers of Keras. Random ones with a seed give the same numbers whenever they are
/// called with one shape; without, they draw one when they are made.
namespace initializers {

using Seed = std::optional<std::uint64_t>;

Initializer Zeros();
Initializer Ones();
Initializer Constant(double value = 0);
/// 2-D only.
Initializer Identity(double gain = 1);
Initializer RandomNormal(double mean = 0, double stddev = 0.05, Seed seed = {});
/// Redrawn outside mean +- 2 stddev.
Initializer TruncatedNormal(double mean = 0, double stddev = 0.05, Seed seed = {});
Initializer RandomUniform(double minval = -0.05, double maxval = 0.05, Seed seed = {});

struct VarianceScalingOptions {
  double scale = 1.0;
  std::string mode = "fan_in";                    // or fan_out, fan_avg
  std::string distribution = "truncated_normal";  // or untruncated_normal, uniform
  Seed seed = {};
  void fields(Fields& f) {
    f("scale", scale), f("mode", mode), f("distribution", distribution), f("seed", seed);
  }
};
/// Variance scale / fan. Throws ValueError for unknown modes and distributions or scale <= 0.
Initializer VarianceScaling(const VarianceScalingOptions& options = {});
Initializer GlorotUniform(Seed seed = {});  // Glorot and Bengio 2010
Initializer GlorotNormal(Seed seed = {});
Initializer HeUniform(Seed seed = {});  // He et al. 2015
Initializer HeNormal(Seed seed = {});
Initializer LecunUniform(Seed seed = {});
Initializer LecunNormal(Seed seed = {});
/// Orthonormal rows or columns, times gain; rank >= 2, all axes but the last taken as one (Saxe et
/// al. 2014).
Initializer Orthogonal(double gain = 1, Seed seed = {});

}  // namespace initializers
}  // namespace keratin
