// Results element by element, from their places.
#pragma once

#include <vector>

#include "tests/ops/harness.h"

namespace keratin::tests {

using Place = std::vector<std::int64_t>;

/// The element of x at a place.
inline double at(const Tensor& x, const Place& place) {
  std::int64_t offset = 0;
  for (std::size_t k = 0; k < place.size(); ++k) {
    offset = offset * x.shape()[static_cast<std::int64_t>(k)] + place[k];
  }
  return x.reshaped({-1}).item<double>({offset});
}

/// f of every place of a shape, row by row.
template <class F>
std::vector<double> by_index(const Shape& shape, F f) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    Place place(static_cast<std::size_t>(shape.rank()));
    std::int64_t rest = i;
    for (std::size_t k = place.size(); k-- > 0;) {
      place[k] = rest % shape[static_cast<std::int64_t>(k)];
      rest /= shape[static_cast<std::int64_t>(k)];
    }
    values.push_back(f(place));
  }
  return values;
}

}  // namespace keratin::tests
