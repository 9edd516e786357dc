#include "autograd/ops/global_average_pool2d.h"

#include "autograd/op.h"
#include "autograd/ops/mean.h"
#include "autograd/pool2d.h"

namespace keratin {
namespace {

template <class T>
T pooled(const T& x, const Spec& spec, bool keepdims) {
  require_floating("global_average_pool2d", spec);
  detail::require_image("global_average_pool2d", spec);
  return mean(x, {.axis = {1, 2}, .keepdims = keepdims});
}

}  // namespace

Tensor global_average_pool2d(const Tensor& x, bool keepdims) {
  return pooled(x, x.spec(), keepdims);
}
Variable global_average_pool2d(const Variable& x, bool keepdims) {
  return pooled(x, x.value().spec(), keepdims);
}

}  // namespace keratin
