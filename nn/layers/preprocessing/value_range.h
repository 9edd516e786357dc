// The range of pixel values that the layers here clip to.
#pragma once

#include <array>
#include <cmath>

#include "nn/layers/preprocessing/image_layer.h"

namespace keratin::layers {

/// Throws ValueError unless the range has two finite ends, the smaller one first.
inline void require_value_range(const char* layer, const std::array<double, 2>& range) {
  if (std::isfinite(range[0]) && std::isfinite(range[1]) && range[0] < range[1]) return;
  throw ValueError(
      fmt::format("{}: value_range is {{{}, {}}}; expected two numbers, the smaller one first",
                  layer, range[0], range[1]));
}

/// [batch, 1, 1, 1]: value_of(each image).
template <class ValueOf>
Variable per_image(const Variable& images, ValueOf value_of) {
  std::vector<double> values;
  for (std::int64_t n = 0; n < images.shape()[0]; ++n) values.push_back(value_of(n));
  const Tensor all = Tensor::from(values, {images.shape()[0], 1, 1, 1});
  return Variable(cast(all, images.dtype()), false);
}

}  // namespace keratin::layers
