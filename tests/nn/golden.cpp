#include "tests/nn/golden.h"

#include <fstream>
#include <limits>
#include <map>

#include "tensor/cast.h"

namespace keratin::tests {

const Json& golden(const std::string& name) {
  static std::map<std::string, Json> files;
  const auto found = files.find(name);
  if (found != files.end()) return found->second;
  const std::string path = std::string(KERATIN_GOLDEN_DIR) + "/" + name + ".json";
  std::ifstream file(path);
  if (!file) throw FileError("golden file: cannot read " + path);
  return files[name] = Json::parse(file);
}

double to_number(const Json& value) {
  if (value.is_null()) return 0;
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (!value.is_string()) return value.get<double>();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto text = value.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  REQUIRE((text == "inf" || text == "-inf"));
  return text == "inf" ? infinity : -infinity;
}

std::vector<double> to_numbers(const Json& values) {
  std::vector<double> numbers;
  numbers.reserve(values.size());
  for (const Json& value : values) numbers.push_back(to_number(value));
  return numbers;
}

Shape to_shape(const Json& sizes) {
  Shape shape;
  for (const Json& size : sizes) shape.push_back(size.is_null() ? None : size.get<std::int64_t>());
  return shape;
}

std::vector<double> rounded(std::vector<double> values, DType dtype) {
  if (dtype != float32) return values;
  for (double& value : values) {
    const double limit = std::numeric_limits<float>::max();
    if (std::abs(value) > limit)
      value = std::copysign(std::numeric_limits<double>::infinity(), value);
    if (std::isfinite(value)) value = static_cast<float>(value);
  }
  return values;
}

Tensor to_tensor(const Json& value, DType dtype) {
  return cast(Tensor::from(rounded(to_numbers(value["values"]), dtype), to_shape(value["shape"])),
              dtype);
}

std::string difference(const Tensor& actual, const std::vector<double>& expected,
                       Tolerance tolerance) {
  return difference(actual.to_vector<double>(), rounded(expected, actual.dtype()), tolerance);
}

std::string difference(const Tensor& actual, const Json& expected, Tolerance tolerance) {
  const Shape shape = to_shape(expected["shape"]);
  if (actual.shape() != shape)
    return fmt::format("shape is {}, expected {}", actual.shape().text(), shape.text());
  return difference(actual, to_numbers(expected["values"]), tolerance);
}

const Json* Options::find(const char* name) {
  read_.insert(name);
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &*found;
}

void Options::done() const {
  for (const auto& [name, value] : values_.items()) {
    INFO("option ", name);
    REQUIRE(read_.count(name) == 1);
  }
}

}  // namespace keratin::tests
