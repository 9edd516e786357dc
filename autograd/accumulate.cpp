#include "autograd/accumulate.h"

#include "autograd/elementwise.h"

namespace keratin::detail {

void accumulate(Tensor& sum, const Tensor& x, bool owned) {
  if (!sum.defined()) {
    sum = x;
  } else if (owned) {
    binary_into("backward", kernels::Binary::add, sum, x, sum);
  } else {
    sum = binary("backward", kernels::Binary::add, sum, x);
  }
}

}  // namespace keratin::detail
