#include "autograd/ops/stack.h"

#include "autograd/layout.h"
#include "autograd/ops/concatenate.h"
#include "autograd/ops/expand_dims.h"

namespace keratin {
namespace {

// A concatenation of the tensors with an axis of size 1 each.
template <class T>
T stacked(std::span<const T> xs, StackOptions options) {
  if (xs.empty()) throw ValueError("stack: no tensors given; expected at least one");
  std::vector<T> expanded;
  expanded.reserve(xs.size());
  const Spec first = detail::value_of(xs[0]).spec();
  for (const T& x : xs) {
    const Spec spec = detail::value_of(x).spec();
    detail::require_movable("stack", spec);
    if (spec.shape != first.shape) {
      throw ShapeError(fmt::format("stack: shapes differ: {} and {} (input {}); expected the same",
                                   first.text(), spec.text(), expanded.size()));
    }
    require_same_dtype("stack", first, spec);
    expanded.push_back(expand_dims(x, options.axis));
  }
  return concatenate(std::span<const T>(expanded), {.axis = options.axis});
}

}  // namespace

Tensor stack(std::span<const Tensor> xs, StackOptions options) { return stacked(xs, options); }
Tensor stack(std::initializer_list<Tensor> xs, StackOptions options) {
  return stacked(std::span(xs.begin(), xs.size()), options);
}
Variable stack(std::span<const Variable> xs, StackOptions options) { return stacked(xs, options); }
Variable stack(std::initializer_list<Variable> xs, StackOptions options) {
  return stacked(std::span(xs.begin(), xs.size()), options);
}

}  // namespace keratin
