#include "autograd/ops/index.h"

#include "autograd/ops/reshape.h"
#include "autograd/ops/slice.h"

namespace keratin {

Tensor index(const Tensor& x, std::int64_t i) { return x[i]; }

Variable index(const Variable& x, std::int64_t i) {
  const Tensor row = x.value()[i];  // throws unless there is such a row
  if (!x.requires_grad()) return Variable(row, false);
  const std::int64_t at = i < 0 ? i + x.shape()[0] : i;
  return reshape(slice(x, {{.first = at, .last = at + 1}}), row.shape());
}

}  // namespace keratin
