#include "autograd/op.h"

#include <algorithm>

namespace keratin {
namespace detail {

void throw_no_second_gradient(std::string_view op) {
  throw ValueError(
      fmt::format("{}: its gradient is a kernel of its own and cannot be differentiated again; do "
                  "without create_graph here",
                  op));
}

void throw_changed_in_place(std::string_view op) {
  throw ValueError(
      fmt::format("backward: an input of {} was changed in place after it was used, so its "
                  "gradient would be wrong; call backward "
                  "before assigning to it, or work on a copy()",
                  op));
}

std::vector<Variable> widened(std::vector<Variable> inputs) {
  const auto is = [](DType dtype) {
    return [dtype](const Variable& x) { return x.defined() && x.dtype() == dtype; };
  };
  if (!std::any_of(inputs.begin(), inputs.end(), is(float64))) return inputs;
  for (Variable& x : inputs) {
    if (is(float32)(x) && !x.requires_grad()) x = Variable(cast(x.value(), float64), false);
  }
  return inputs;
}

}  // namespace detail

void require_floating(std::string_view op, const Spec& x) {
  if (x.dtype == float32 || x.dtype == float64) return;
  throw DTypeError(fmt::format(
      "{}: not defined for {}; expected float32 or float64. Use cast(x, float32) first.", op,
      x.text()));
}

void require_same_dtype(std::string_view op, const Spec& a, const Spec& b) {
  if (a.dtype == b.dtype) return;
  throw DTypeError(
      fmt::format("{}: dtypes differ: {} and {}; expected the same. Use cast on one of them.", op,
                  a.text(), b.text()));
}

void require_rank(std::string_view op, const Spec& x, std::int64_t rank,
                  std::string_view expected) {
  if (x.shape.rank() == rank) return;
  throw ShapeError(fmt::format("{}: input has rank {}, {}; expected {}", op, x.shape.rank(),
                               x.text(), expected));
}

}  // namespace keratin
