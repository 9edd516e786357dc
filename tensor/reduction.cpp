#include "tensor/reduction.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernels/device_run.h"
#include "kernels/reduce/bfloat16.h"
#include "tensor/cast.h"

namespace keratin::detail {

Shape kept_shape(std::string_view name, const Shape& x, const ReduceOptions& options) {
  Shape kept = x;
  for (const std::int64_t axis : options.axis.resolve(std::string(name).c_str(), x.rank()))
    kept = kept.with(axis, 1);
  return kept;
}

Shape reduced_shape(std::string_view name, const Shape& x, const ReduceOptions& options) {
  if (options.keepdims) return kept_shape(name, x, options);
  const auto axes = options.axis.resolve(std::string(name).c_str(), x.rank());
  Shape reduced;
  for (std::int64_t i = 0; i < x.rank(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), i)) reduced.push_back(x[i]);
  }
  return reduced;
}

std::int64_t reduced_count(std::string_view name, const Shape& x, const ReduceOptions& options) {
  std::int64_t count = 1;
  for (const std::int64_t axis : options.axis.resolve(std::string(name).c_str(), x.rank()))
    count *= x[axis];
  return count;
}

void reduce_into(std::string_view name, kernels::Reduction op, const Tensor& x, Tensor& y,
                 const ReduceOptions& options) {
  // Runs of neighbouring axes, the last run first: each is one pass of the kernel.
  auto axes = options.axis.resolve(std::string(name).c_str(), x.rank());
  Tensor from = x;
  if (axes.empty()) {
    y.copy_from(cast(x, y.dtype()).reshaped(y.shape()));
    return;
  }
  if (y.dtype() == bfloat16 && axes.back() - axes.front() >= std::ssize(axes)) {
    Tensor sums = Tensor::empty(y.shape(), float32, y.device());  // several passes, one rounding
    reduce_into(name, op, x, sums, options);
    y = cast(sums, bfloat16);
    return;
  }
  while (!axes.empty()) {
    const std::int64_t last = axes.back();
    std::int64_t first = last;
    while (!axes.empty() && axes.back() == first) {
      axes.pop_back();
      --first;
    }
    ++first;
    const std::int64_t outer = from.shape().slice(0, first).size();
    const std::int64_t reduced = from.shape().slice(first, last + 1).size();
    const std::int64_t inner = from.shape().slice(last + 1, from.rank()).size();
    if (op != kernels::Reduction::sum && reduced == 0 && outer * inner != 0) {
      throw ShapeError(fmt::format("{}: {} has nothing to take it of", name, x.spec().text()));
    }
    const Shape shape =
        from.shape().slice(0, first).joined(from.shape().slice(last + 1, from.rank()));
    Tensor to = axes.empty() ? y : Tensor::empty(shape, y.dtype(), x.device());
    const kernels::ReduceShape pass{op, outer, reduced, inner};
    if (from.dtype() == to.dtype()) {
      dispatch_all_numbers(name, to.dtype(), [&]<class T> {
        kernels::run(to.stream(), kernels::reduce_ladder<T>, from.on_device<T>(),
                     to.mutable_on_device<T>(), pass);
      });
    } else {
      kernels::run(to.stream(), kernels::wide_reduce_ladder, from.on_device<BFloat16>(),
                   to.mutable_on_device<float>(), pass);
    }
    from = to;
  }
}

}  // namespace keratin::detail
