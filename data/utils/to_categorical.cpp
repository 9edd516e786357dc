#include "data/utils/to_categorical.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace keratin::data {
namespace {

std::vector<std::int64_t> labels_of(const Tensor& y) {
  if (!y.defined()) throw ValueError("to_categorical: y has no value: it was never set");
  if (y.dtype() == string) {
    throw DTypeError(
        fmt::format("to_categorical: y is {}; expected class numbers. Number the names first.",
                    y.spec().text()));
  }
  if (is_floating(y.dtype())) {
    for (const double label : y.to_vector<double>()) {
      if (!(label == std::trunc(label) && std::abs(label) < 0x1p53)) {
        throw ValueError(fmt::format(
            "to_categorical: y holds {}, which is no class number; expected whole numbers", label));
      }
    }
  }
  return y.to_vector<std::int64_t>();
}

}  // namespace

Tensor to_categorical(const Tensor& y, std::optional<std::int64_t> num_classes) {
  const std::vector<std::int64_t> labels = labels_of(y);
  if (num_classes && *num_classes < 1) {
    throw ValueError(
        fmt::format("to_categorical: num_classes is {}; expected 1 or more", *num_classes));
  }
  if (!num_classes && labels.empty()) {
    throw ValueError(fmt::format(
        "to_categorical: y is {}, which shows no classes; pass num_classes", y.spec().text()));
  }
  const std::int64_t classes = num_classes ? *num_classes : std::ranges::max(labels) + 1;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      throw ValueError(fmt::format("to_categorical: label {} is {}; expected 0 to {}", i, labels[i],
                                   std::max<std::int64_t>(classes - 1, 0)));
    }
  }
  Shape shape = y.shape();
  if (shape.rank() > 1 && shape.back() == 1) shape = shape.slice(0, shape.rank() - 1);
  shape.push_back(classes);
  Tensor rows = zeros(shape);
  auto* row = rows.mutable_data<float>();
  for (const std::int64_t label : labels) {
    row[label] = 1;
    row += classes;
  }
  return rows;
}

}  // namespace keratin::data
