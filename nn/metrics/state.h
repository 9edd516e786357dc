// What the metrics of this folder share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/metric.h"

namespace keratin::metrics {

/// `given`, or a name that this process has not used: "auc", then "auc_1" ...
std::string name_or_unique(const std::string& given, const char* class_name);
inline std::string name_or(const std::string& given, const char* otherwise) {
  return given.empty() ? otherwise : given;
}

/// Numbers that gather over batches, in double: an epoch sums millions of values. They live in a
/// variable of the metric, on the CPU. What batches on a GPU add is kept there until somebody reads
/// the sums, and is added then as it would have been at once: the same bits. In a recorded step the
/// place where it is kept is read on the GPU.
class Sums {
 public:
  Sums() = default;  // none
  /// Zeros in `variable`, of float64.
  explicit Sums(const Variable& variable) : values_(variable.value()) {}

  bool defined() const { return values_.defined(); }
  std::int64_t size() const { return values_.size(); }
  double* data() {
    settle();
    return values_.mutable_data<double>();
  }
  const double* data() const {
    settle();
    return values_.data<double>();
  }
  double operator[](std::int64_t i) const { return data()[i]; }

  /// Adds value * weight to the first; `value` is one number, on whatever device.
  void add(const Tensor& value, double weight = 1);
  void add(double value);
  /// Sets all to 0, without reading.
  void clear();
  /// Adds what is still on a GPU.
  void settle() const;

 private:
  static constexpr std::int64_t kMostWaiting = 1024;
  static constexpr std::int64_t kMostAStep = 16;  // of a recorded step
  void make_room(Device device);
  void add_recorded(const Tensor& value, double weight);
  mutable Tensor values_;                // shares its storage with the variable
  mutable Tensor waiting_;               // f32 [kMostWaiting] on a GPU: not added yet, then zeros
  mutable std::vector<double> weights_;  // of those
};

/// `y` with the axes of `like`: a trailing axis of 1 dropped, or added to a [batch]. Throws
/// ShapeError naming both unless the shapes are then the same.
Tensor aligned(const std::string& metric, const Tensor& y, const Tensor& like);

/// One weight a value, f32, for values of this shape: from a weight a sample, or one a value.
/// Throws ShapeError.
Tensor weights_for(const std::string& metric, const Tensor& sample_weight, const Shape& values);

/// A result: one number, or f32 [n].
Tensor result_of(const std::vector<double>& values);

/// a / b, or 0 where b is 0.
inline double ratio(double a, double b) { return b == 0 ? 0 : a / b; }

}  // namespace keratin::metrics
