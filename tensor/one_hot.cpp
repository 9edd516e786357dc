#include "tensor/one_hot.h"

#include <fmt/format.h>

#include "kernels/copy/copy.h"
#include "kernels/device_run.h"
#include "kernels/transpose/transpose.h"

namespace keratin {

Tensor one_hot(const Tensor& indices, std::int64_t num_classes, OneHotOptions options) {
  if (indices.dtype() != int32 && indices.dtype() != int64) {
    throw DTypeError(
        fmt::format("one_hot: the indices are {}; expected int32 or int64. Use cast(x, int32).",
                    indices.spec().text()));
  }
  if (options.dtype == string) throw DTypeError("one_hot: dtype is string; expected numbers");
  if (num_classes < 1) {
    throw ValueError(fmt::format("one_hot: num_classes is {}; expected 1 or more", num_classes));
  }
  const Shape& shape = indices.shape();
  const std::int64_t axis = normalized_axis("one_hot", options.axis, shape.rank() + 1);
  Tensor rows = Tensor::empty(shape.joined({num_classes}), options.dtype, indices.device());
  const Tensor one = ones({}, options.dtype);
  const kernels::OneHotShape s{indices.size(), num_classes,
                               static_cast<int>(size_of(options.dtype))};
  const auto fill = [&]<class I>(const I* index) {
    kernels::run(rows.stream(), kernels::one_hot_ladder<I>, index, rows.address(),
                 static_cast<const void*>(one.raw()), s);
  };
  if (indices.dtype() == int32) {
    fill(indices.on_device<std::int32_t>());
  } else {
    fill(indices.on_device<std::int64_t>());
  }
  if (axis == shape.rank()) return rows;
  // The classes are last; [before, after, classes] -> [before, classes, after].
  Tensor y = Tensor::empty(
      shape.slice(0, axis).joined({num_classes}).joined(shape.slice(axis, shape.rank())),
      options.dtype, indices.device());
  const std::array<std::int64_t, 3> sizes = {shape.slice(0, axis).size(),
                                             shape.slice(axis, shape.rank()).size(), num_classes};
  const std::array<int, 3> order = {0, 2, 1};
  kernels::run(y.stream(), kernels::transpose_ladder, static_cast<const void*>(rows.address()),
               y.address(), kernels::transpose_shape(sizes, order, s.element_size));
  return y;
}

}  // namespace keratin
