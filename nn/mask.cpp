#include "nn/mask.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops/multiply.h"
#include "autograd/ops/reshape.h"
#include "autograd/tape.h"
#include "tensor/cast.h"
#include "tensor/compare.h"

namespace keratin {

Tensor mask_of(const Variable& x) { return x.defined() ? x.impl()->mask : Tensor(); }

Variable with_mask(const Variable& x, const Tensor& mask) {
  const Tensor checked = detail::checked_mask("with_mask", mask, x.shape());
  Variable other = reshape(x, x.shape());
  other.impl()->scores = x.impl()->scores;
  other.impl()->scores_function = x.impl()->scores_function;
  detail::attach_mask(other, checked);
  return other;
}

namespace detail {

Tensor checked_mask(const std::string& what, const Tensor& mask, const Shape& x) {
  if (!mask.defined()) throw ValueError(fmt::format("{}: the mask was never set", what));
  if (mask.dtype() == string) {
    throw DTypeError(fmt::format("{}: the mask is {}; expected bool", what, mask.spec().text()));
  }
  const std::int64_t rank = mask.rank();
  if (rank < 1 || rank > x.rank() || mask.shape() != x.slice(0, rank)) {
    throw ShapeError(fmt::format(
        "{}: the mask is {}, the input {}; the mask must have the sizes of its leading axes, such "
        "as [batch, time]",
        what, mask.spec().text(), x.text()));
  }
  return mask.dtype() == boolean ? mask : not_equal(mask, 0.0);
}

void attach_mask(const Variable& fresh, const Tensor& mask) { fresh.impl()->mask = mask; }

const Variable& keep_mask(const Variable& from, const Variable& to) {
  if (from.impl()->mask.defined() && !to.impl()->mask.defined()) attach_mask(to, from.impl()->mask);
  return to;
}

Tensor masked_weight(const Tensor& sample_weight, const Tensor& mask) {
  if (!mask.defined()) return sample_weight;
  Tensor m = cast(mask, float32);
  if (!sample_weight.defined()) return m;
  Tensor w = cast(sample_weight, float32);
  const auto widened = [](const Tensor& t, std::int64_t rank) {
    Shape shape = t.shape();
    while (shape.rank() < rank) shape.push_back(1);
    return t.reshaped(shape);
  };
  const std::int64_t rank = std::max(w.rank(), m.rank());
  return widened(w, rank) * widened(m, rank);
}

}  // namespace detail
}  // namespace keratin
