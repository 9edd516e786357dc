#include "autograd/ops/expand_dims.h"

#include "autograd/ops/reshape.h"

namespace keratin {
namespace {

Shape expanded(const Shape& x, int axis) {
  const std::int64_t at = normalized_axis("expand_dims", axis, x.rank() + 1);
  return x.slice(0, at).joined({1}).joined(x.slice(at, x.rank()));
}

}  // namespace

Tensor expand_dims(const Tensor& x, int axis) { return reshape(x, expanded(x.shape(), axis)); }
Variable expand_dims(const Variable& x, int axis) { return reshape(x, expanded(x.shape(), axis)); }

}  // namespace keratin
