// Reading the golden files of tests/golden: numbers that Keras computed.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tensor/tensor.h"
#include "tests/support.h"

namespace keratin::tests {

using Json = nlohmann::ordered_json;

/// The file tests/golden/<name>.json; read once.
const Json& golden(const std::string& name);

/// A number, or "nan", "inf", "-inf"; null is 0.
double to_number(const Json& value);
std::vector<double> to_numbers(const Json& values);
Shape to_shape(const Json& sizes);  // null is None
/// {"shape", "values"}. Values beyond the dtype's range become infinities.
Tensor to_tensor(const Json& value, DType dtype = float64);
/// What `values` are in this dtype.
std::vector<double> rounded(std::vector<double> values, DType dtype);

/// Golden numbers are computed in float64: what may be left between two ways of computing them
/// there, and in float32.
inline Tolerance golden_tolerance(DType dtype) {
  return dtype == float64 ? Tolerance{1e-11, 1e-12} : Tolerance{5e-6, 1e-6};
}

/// "" where a result has these numbers, else the worst difference.
std::string difference(const Tensor& actual, const std::vector<double>& expected,
                       Tolerance tolerance);
/// The same, and the shape.
std::string difference(const Tensor& actual, const Json& expected, Tolerance tolerance);

/// Keyword arguments of a golden case, to be read into the fields of an options struct. What nobody
/// read is an error: the case would pass for the wrong reason.
class Options {
 public:
  explicit Options(const Json& values) : values_(values) {}

  template <class T>
  Options& read(const char* name, T& field) {
    if (const Json* value = find(name)) field = value->template get<T>();
    return *this;
  }
  template <class T>
  Options& read(const char* name, std::optional<T>& field) {
    if (const Json* value = find(name)) field = value->template get<T>();
    return *this;
  }
  /// Null where it was not given; counts as read.
  const Json* find(const char* name);
  /// Fails the test unless all were read.
  void done() const;

 private:
  const Json& values_;
  std::set<std::string> read_;
};

}  // namespace keratin::tests
