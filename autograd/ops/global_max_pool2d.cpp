#include "autograd/ops/global_max_pool2d.h"

#include "autograd/op.h"
#include "autograd/ops/max.h"
#include "autograd/pool2d.h"

namespace keratin {
namespace {

template <class T>
T max_pooled(const T& x, const Spec& spec, bool keepdims) {
  require_floating("global_max_pool2d", spec);
  detail::require_image("global_max_pool2d", spec);
  return max(x, {.axis = {1, 2}, .keepdims = keepdims});
}

}  // namespace

Tensor global_max_pool2d(const Tensor& x, bool keepdims) {
  return max_pooled(x, x.spec(), keepdims);
}
Variable global_max_pool2d(const Variable& x, bool keepdims) {
  return max_pooled(x, x.value().spec(), keepdims);
}

}  // namespace keratin
