#pragma once

#include <cstdint>
#include <vector>

namespace keratin::layers::detail {

/// Quantiles of a stream of values from a summary of 1 / epsilon values and how many each stands
/// for; in float32, and step by step, as Keras' Discretization has it.
class Quantiles {
 public:
  explicit Quantiles(double epsilon) : epsilon_(epsilon) {}

  /// A batch without NaN.
  void add(std::vector<float> values);
  bool empty() const { return summary_.empty(); }
  /// Boundaries between `bins` bins that about as many values each fall into: bins - 1 of them, or
  /// fewer where there were fewer values.
  std::vector<float> boundaries(std::int64_t bins) const;

 private:
  struct Point {
    float value, weight;
  };
  using Summary = std::vector<Point>;  // values rise
  static Summary compressed(const Summary& summary, double epsilon);

  double epsilon_;
  Summary summary_;
};

}  // namespace keratin::layers::detail
