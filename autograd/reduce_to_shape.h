#pragma once

#include "autograd/ops/reshape.h"
#include "autograd/ops/sum.h"

namespace keratin {

/// Undoes broadcasting: sums `x` over the axes along which `shape` was repeated. The one place
/// where that is done.
template <class T>
T reduce_to_shape(const T& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const std::int64_t extra = x.shape().rank() - shape.rank();
  std::vector<int> axes;
  for (std::int64_t i = 0; i < x.shape().rank(); ++i) {
    if (i < extra || (shape[i - extra] == 1 && x.shape()[i] != 1))
      axes.push_back(static_cast<int>(i));
  }
  return reshape(axes.empty() ? x : sum(x, {.axis = Axes(axes), .keepdims = true}), shape);
}

}  // namespace keratin
